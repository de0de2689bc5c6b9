-- Several logins on one network are possible, told apart by where they are; sealed columns
-- cannot be compared, so that no two are alike is the engine's to see to.
CREATE TABLE logins (
    id         INTEGER PRIMARY KEY AUTOINCREMENT, -- never reused
    network    TEXT    NOT NULL, -- NetworkId
    address    TEXT    NOT NULL, -- the id that others know us by
    name       TEXT    NOT NULL, -- the name that others are shown
    endpoint   TEXT    NOT NULL, -- where others reach us, or the relay, URL without trailing slash
    secret     BLOB    NOT NULL, -- our private key, 32 bytes
    signing    BLOB,             -- the one we sign with, 32 bytes, where it is another
    token      TEXT,             -- what a relay knows us by
    created_at INTEGER NOT NULL  -- milliseconds, UTC
) STRICT;
INSERT INTO logins (id, network, address, name, endpoint, secret, created_at)
    SELECT id, network, address, name, endpoint, secret, created_at FROM accounts;
DROP TABLE accounts;
ALTER TABLE logins RENAME TO accounts;
CREATE INDEX accounts_by_network ON accounts (network);

-- The login that a channel belongs to, where a network can have several. The address of such a
-- channel begins with its number and a slash, so that each login can know the same peer.
ALTER TABLE channels ADD COLUMN account INTEGER REFERENCES accounts (id);

-- How a message stands among others, where its network says so.
ALTER TABLE messages ADD COLUMN kind TEXT;        -- MessageKind; NULL where there is no such thing
ALTER TABLE messages ADD COLUMN topic TEXT;
ALTER TABLE messages ADD COLUMN correlation TEXT;
ALTER TABLE messages ADD COLUMN reply_to TEXT;
ALTER TABLE messages ADD COLUMN answers INTEGER;  -- the message of this channel that it answers
ALTER TABLE messages ADD COLUMN audience TEXT;    -- JSON; NULL: for one alone
ALTER TABLE messages ADD COLUMN remote_id TEXT;   -- the network's id of it
ALTER TABLE messages ADD COLUMN provenance TEXT;  -- Provenance; NULL for our own
CREATE INDEX messages_by_remote_id ON messages (channel, remote_id) WHERE remote_id IS NOT NULL;
CREATE INDEX messages_requests ON messages (channel, id) WHERE kind = 'request';
