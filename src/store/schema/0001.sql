-- Settings of the profile that are not in its config file.
CREATE TABLE settings (
    key   TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

-- One conversation with one peer.
CREATE TABLE channels (
    id           INTEGER PRIMARY KEY AUTOINCREMENT, -- never reused
    network      TEXT    NOT NULL, -- NetworkId
    address      TEXT    NOT NULL, -- the network's own id
    name         TEXT    NOT NULL, -- local name
    phone        TEXT,             -- handle the invite was made for
    state        TEXT    NOT NULL, -- ChannelState
    paused       INTEGER NOT NULL DEFAULT 0,
    inviter      INTEGER NOT NULL, -- 1: we made the invite
    relay        TEXT    NOT NULL, -- URL without trailing slash
    secret       BLOB    NOT NULL, -- our private key, 32 bytes
    our_key      TEXT    NOT NULL, -- our public key in the network's text form
    their_key    TEXT,             -- pinned key
    asked_key    TEXT,             -- key of whoever asks for contact, or that replaced the pinned one
    announce     INTEGER NOT NULL DEFAULT 0, -- 1: our handshake has to be put on the relay yet
    answers      INTEGER,          -- handshake writes on the relay when last looked at
    stopped      TEXT,             -- StopReason
    preset       TEXT    NOT NULL,
    instructions TEXT    NOT NULL,
    created_at   INTEGER NOT NULL, -- milliseconds, UTC
    last_seen    INTEGER,          -- milliseconds, UTC: a message arrived
    checked_at   INTEGER,          -- milliseconds, UTC: the relay was asked for an answer
    UNIQUE (network, address)
) STRICT;

-- One message in either direction.
CREATE TABLE messages (
    id          INTEGER PRIMARY KEY AUTOINCREMENT, -- never reused
    channel     INTEGER NOT NULL REFERENCES channels (id),
    author      TEXT    NOT NULL, -- Author
    seq         INTEGER,          -- the relay's number
    at          INTEGER NOT NULL, -- milliseconds, UTC
    subject     TEXT    NOT NULL DEFAULT '',
    body        TEXT    NOT NULL DEFAULT '',
    metadata    TEXT    NOT NULL DEFAULT '{}',
    raw_reason  TEXT,             -- RawReason, where it could not be read
    raw_payload TEXT,             -- the payload as it came, where it could not be read
    envelope    BLOB,             -- SHA-256 of the envelope: ours once sealed, theirs always
    admitted    INTEGER,          -- 1 released, 0 held; NULL for our own
    rule        TEXT,             -- the rule that admitted or released it
    delivery    TEXT,             -- queued, relayed, collected, failed, taken_back; NULL for theirs
    delivery_at INTEGER,          -- milliseconds, UTC: of relayed and collected
    problem     TEXT,             -- what went wrong last, in our words
    handed_over INTEGER,          -- milliseconds, UTC: the assistant took it
    read        INTEGER NOT NULL DEFAULT 0 -- 1: a person looked at it
) STRICT;

CREATE INDEX messages_by_channel ON messages (channel, id);
-- A repeated or reflected envelope is a no-op because of this one.
CREATE UNIQUE INDEX messages_by_envelope ON messages (channel, envelope)
    WHERE envelope IS NOT NULL;
CREATE INDEX messages_unread ON messages (channel) WHERE author = 'peer' AND read = 0;
-- What cannot be read waits for nobody, so it is not counted as held.
CREATE INDEX messages_held ON messages (channel) WHERE admitted = 0 AND raw_reason IS NULL;
CREATE INDEX messages_for_assistant ON messages (channel, id)
    WHERE admitted = 1 AND handed_over IS NULL;
CREATE INDEX messages_at_relay ON messages (channel) WHERE delivery = 'relayed';

-- Messages of ours that have not left. The envelope is sealed once and then only repeated.
CREATE TABLE outbox (
    message  INTEGER NOT NULL PRIMARY KEY REFERENCES messages (id),
    channel  INTEGER NOT NULL REFERENCES channels (id),
    due      INTEGER NOT NULL, -- milliseconds, UTC
    attempts INTEGER NOT NULL DEFAULT 0,
    payload  TEXT              -- the sealed envelope as it goes on the wire
) STRICT;
CREATE INDEX outbox_by_due ON outbox (due);
CREATE INDEX outbox_by_channel ON outbox (channel, message);

-- Text of the composer of a channel.
CREATE TABLE drafts (
    channel INTEGER NOT NULL PRIMARY KEY REFERENCES channels (id),
    text    TEXT    NOT NULL,
    at      INTEGER NOT NULL -- milliseconds, UTC
) STRICT;

-- What waits for a person, and what was settled.
CREATE TABLE review (
    id         INTEGER PRIMARY KEY AUTOINCREMENT, -- never reused
    channel    INTEGER NOT NULL REFERENCES channels (id),
    kind       TEXT    NOT NULL, -- contact_request, key_change, held_message
    message    INTEGER REFERENCES messages (id),
    shown_key  TEXT,             -- the key in question
    pinned_key TEXT,             -- the key it would replace
    answers    INTEGER,          -- handshake writes, where the relay tells
    reason     TEXT,             -- StopReason, or the rule that holds
    since      INTEGER NOT NULL, -- milliseconds, UTC
    seen       BLOB    NOT NULL, -- digest of what is shown; a decision repeats it
    settled_at INTEGER,          -- milliseconds, UTC
    verdict    TEXT              -- Verdict, once settled
) STRICT;
CREATE INDEX review_open ON review (channel) WHERE settled_at IS NULL;

-- The decision log. Only ever appended to.
CREATE TABLE log (
    number   INTEGER PRIMARY KEY, -- from 1, no gaps
    at       INTEGER NOT NULL,    -- milliseconds, UTC
    actor    TEXT    NOT NULL,    -- Actor
    what     TEXT    NOT NULL,    -- short code
    channel  INTEGER,
    detail   TEXT    NOT NULL,    -- our words
    previous BLOB    NOT NULL,    -- digest of the entry before
    digest   BLOB    NOT NULL     -- digest of this entry
) STRICT;
