-- Our logins on networks that have them, each with the one key of all its channels.
CREATE TABLE accounts (
    id         INTEGER PRIMARY KEY AUTOINCREMENT, -- never reused
    network    TEXT    NOT NULL, -- NetworkId
    address    TEXT    NOT NULL, -- the id that others know us by
    name       TEXT    NOT NULL, -- the name that others are shown
    endpoint   TEXT    NOT NULL, -- where others reach us, URL without trailing slash
    secret     BLOB    NOT NULL, -- our private key, 32 bytes
    created_at INTEGER NOT NULL, -- milliseconds, UTC
    UNIQUE (network, address)
) STRICT;

-- Requests for contact, in either direction, on networks where somebody asks for it.
CREATE TABLE requests (
    id         INTEGER PRIMARY KEY AUTOINCREMENT, -- never reused
    channel    INTEGER NOT NULL REFERENCES channels (id),
    ours       INTEGER NOT NULL, -- 1: we asked
    remote_id  TEXT    NOT NULL, -- the network's id of it
    name       TEXT    NOT NULL, -- the name they give themselves
    endpoint   TEXT    NOT NULL, -- where they say that they are reached
    key        TEXT    NOT NULL, -- theirs, in the network's text form
    purpose    TEXT    NOT NULL,
    original   TEXT,             -- as it came, with its signature
    at         INTEGER NOT NULL, -- milliseconds, UTC
    state      TEXT    NOT NULL, -- RequestState
    settled_at INTEGER           -- milliseconds, UTC
) STRICT;
-- A repeated request is a no-op because of this one.
CREATE UNIQUE INDEX requests_once ON requests (channel, ours, remote_id);
CREATE INDEX requests_open ON requests (channel) WHERE state = 'open';

-- Messages of peers as they came, with their signatures, where a network has those.
CREATE TABLE originals (
    message  INTEGER NOT NULL PRIMARY KEY REFERENCES messages (id),
    original TEXT    NOT NULL
) STRICT;

ALTER TABLE channels ADD COLUMN blocked INTEGER NOT NULL DEFAULT 0; -- 1: asks in vain from now on
ALTER TABLE channels ADD COLUMN trusts_us INTEGER; -- milliseconds, UTC: they last took a message of ours
