-- What a person keeps for themselves about a channel: one text, read and changed as a whole.
CREATE TABLE notes (
    channel INTEGER NOT NULL PRIMARY KEY REFERENCES channels (id),
    text    TEXT    NOT NULL,
    at      INTEGER NOT NULL -- milliseconds, UTC: when it was last changed
) STRICT;

-- Searches that a person saved.
CREATE TABLE searches (
    id    INTEGER PRIMARY KEY AUTOINCREMENT, -- never reused
    query TEXT    NOT NULL,
    at    INTEGER NOT NULL -- milliseconds, UTC
) STRICT;

-- The index of messages, by id. It keeps words and where they stand, not the texts. Words are
-- folded and cut before they come here (text::search), so that the tokenizer has only spaces to
-- see: `ascii` takes everything else for a part of a word.
-- `mark` holds facts that never change: apeer, ahuman, aassistant, arule; c and the channel;
-- link; file.
-- In a protected profile these tables are empty: the index is in memory then, under the same
-- names (store/search.rs).
CREATE VIRTUAL TABLE find_messages USING fts5 (
    text, mark, content = '', contentless_delete = 1, tokenize = 'ascii'
);
-- The same of the decision log, by number.
CREATE VIRTUAL TABLE find_log USING fts5 (
    text, mark, content = '', contentless_delete = 1, tokenize = 'ascii'
);
-- The same of notes, by channel.
CREATE VIRTUAL TABLE find_notes USING fts5 (
    text, mark, content = '', contentless_delete = 1, tokenize = 'ascii'
);

-- What the index does not know yet as it is now. The triggers put it here in the transaction
-- that changes it, so nothing can be forgotten, whatever stops the program.
CREATE TABLE find_todo (
    kind INTEGER NOT NULL, -- 0 message, 1 entry of the log, 2 note
    item INTEGER NOT NULL, -- id, number, channel
    PRIMARY KEY (kind, item)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER find_message_new AFTER INSERT ON messages
WHEN NOT EXISTS (SELECT 1 FROM settings WHERE key = 'vault_lock')
BEGIN
    INSERT INTO find_todo SELECT 0, new.id
    WHERE NOT EXISTS (SELECT 1 FROM find_todo WHERE kind = 0 AND item = new.id);
END;
CREATE TRIGGER find_message_changed
AFTER UPDATE OF subject, body, metadata, other_subject, other_body, reason ON messages
WHEN NOT EXISTS (SELECT 1 FROM settings WHERE key = 'vault_lock')
BEGIN
    INSERT INTO find_todo SELECT 0, new.id
    WHERE NOT EXISTS (SELECT 1 FROM find_todo WHERE kind = 0 AND item = new.id);
END;
CREATE TRIGGER find_log_new AFTER INSERT ON log
WHEN new.what NOT IN ('queued', 'relayed') -- deliveries, which nobody decided
    AND NOT EXISTS (SELECT 1 FROM settings WHERE key = 'vault_lock')
BEGIN
    INSERT INTO find_todo SELECT 1, new.number
    WHERE NOT EXISTS (SELECT 1 FROM find_todo WHERE kind = 1 AND item = new.number);
END;
CREATE TRIGGER find_log_changed AFTER UPDATE OF detail, evidence, draft, sent ON log
WHEN NOT EXISTS (SELECT 1 FROM settings WHERE key = 'vault_lock')
BEGIN
    INSERT INTO find_todo SELECT 1, new.number
    WHERE NOT EXISTS (SELECT 1 FROM find_todo WHERE kind = 1 AND item = new.number);
END;
CREATE TRIGGER find_note_new AFTER INSERT ON notes
WHEN NOT EXISTS (SELECT 1 FROM settings WHERE key = 'vault_lock')
BEGIN
    INSERT INTO find_todo SELECT 2, new.channel
    WHERE NOT EXISTS (SELECT 1 FROM find_todo WHERE kind = 2 AND item = new.channel);
END;
CREATE TRIGGER find_note_changed AFTER UPDATE OF text ON notes
WHEN NOT EXISTS (SELECT 1 FROM settings WHERE key = 'vault_lock')
BEGIN
    INSERT INTO find_todo SELECT 2, new.channel
    WHERE NOT EXISTS (SELECT 1 FROM find_todo WHERE kind = 2 AND item = new.channel);
END;
CREATE TRIGGER find_note_gone AFTER DELETE ON notes
WHEN NOT EXISTS (SELECT 1 FROM settings WHERE key = 'vault_lock')
BEGIN
    INSERT INTO find_todo SELECT 2, old.channel
    WHERE NOT EXISTS (SELECT 1 FROM find_todo WHERE kind = 2 AND item = old.channel);
END;

-- What is there already is indexed bit by bit.
INSERT INTO find_todo SELECT 0, id FROM messages
    WHERE NOT EXISTS (SELECT 1 FROM settings WHERE key = 'vault_lock');
INSERT INTO find_todo SELECT 1, number FROM log
    WHERE what NOT IN ('queued', 'relayed')
    AND NOT EXISTS (SELECT 1 FROM settings WHERE key = 'vault_lock');
