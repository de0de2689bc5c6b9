-- How a login of ours runs its node, on networks where it has one.
ALTER TABLE accounts ADD COLUMN node TEXT;        -- JSON of NodeSettings

-- Where a peer was found to be reached, beside what a person entered or accepted.
ALTER TABLE channels ADD COLUMN learned TEXT;

-- How often the same message arrived again under another id of its network.
ALTER TABLE messages ADD COLUMN repeats INTEGER NOT NULL DEFAULT 0;

-- What somebody wrote who waits for a person to accept them. Nobody reads it before.
CREATE TABLE quarantine (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    channel   INTEGER NOT NULL REFERENCES channels (id),
    envelope  BLOB    NOT NULL,
    remote_id TEXT,
    at        INTEGER NOT NULL, -- milliseconds, UTC
    content   TEXT    NOT NULL, -- JSON of Content
    UNIQUE (channel, envelope)
) STRICT;
