-- What the scanner found, how a message came past the rules, and what went on in its place.
ALTER TABLE messages ADD COLUMN signals TEXT;       -- JSON list of Signal; NULL where there is none
ALTER TABLE messages ADD COLUMN flagged INTEGER NOT NULL DEFAULT 0; -- 1: a signal over a note
ALTER TABLE messages ADD COLUMN passage TEXT;       -- Passage; NULL while it is held
ALTER TABLE messages ADD COLUMN other_subject TEXT; -- the other version of it, see Message::other
ALTER TABLE messages ADD COLUMN other_body TEXT;
ALTER TABLE messages ADD COLUMN reason TEXT;        -- what a person said when they refused it
ALTER TABLE messages ADD COLUMN expires INTEGER;    -- milliseconds, UTC: a held draft ends
ALTER TABLE messages ADD COLUMN digest INTEGER NOT NULL DEFAULT 0; -- 1: left to the digest

-- What was let in before there were rules came in alone.
UPDATE messages SET passage = 'alone' WHERE admitted = 1;

CREATE INDEX messages_expiring ON messages (expires) WHERE delivery = 'held';
-- The assistant's messages that left alone, for rules that count them.
CREATE INDEX messages_alone ON messages (channel, at)
    WHERE author = 'assistant' AND passage = 'alone';
-- What was settled of the assistant's messages today, for the status.
CREATE INDEX messages_settled ON messages (at) WHERE author = 'assistant';
CREATE INDEX messages_digest ON messages (id) WHERE digest = 1 AND read = 0;
CREATE INDEX messages_flagged ON messages (channel) WHERE flagged = 1 AND author = 'peer';

ALTER TABLE channels ADD COLUMN rules TEXT;          -- TOML of its own; NULL: those of the preset
ALTER TABLE channels ADD COLUMN policy_version INTEGER NOT NULL DEFAULT 1;
ALTER TABLE channels ADD COLUMN verified_at INTEGER; -- milliseconds, UTC: the code was compared
ALTER TABLE channels ADD COLUMN wake TEXT;           -- JSON list: program and arguments

-- What an entry of the log was decided on. Entries of version 1 have none of it in their digest.
ALTER TABLE log ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
ALTER TABLE log ADD COLUMN evidence TEXT;     -- JSON of Evidence
ALTER TABLE log ADD COLUMN draft TEXT;        -- the text that was judged; NULL once redacted
ALTER TABLE log ADD COLUMN draft_digest BLOB;
ALTER TABLE log ADD COLUMN sent TEXT;         -- the text that went on; NULL once redacted
ALTER TABLE log ADD COLUMN sent_digest BLOB;
