-- Until when a person does not want to be told of a channel; the last moment of the year 9999
-- is "until I say so". It changes nothing of what enters or leaves.
ALTER TABLE channels ADD COLUMN muted_until INTEGER; -- milliseconds, UTC

-- Until when a person put an item off. It goes on waiting, and its own time goes on.
ALTER TABLE review ADD COLUMN snoozed_until INTEGER; -- milliseconds, UTC
ALTER TABLE review ADD COLUMN until_they_write INTEGER NOT NULL DEFAULT 0; -- 1: or until the peer writes

-- What happened since a moment, and what was decided last in a channel.
CREATE INDEX log_by_time ON log (at);
CREATE INDEX log_of_channel ON log (channel, number)
    WHERE what NOT IN ('queued', 'relayed', 'held_in', 'held_out');
CREATE INDEX messages_arrived ON messages (at) WHERE author = 'peer';
-- The relay's numbers of a channel: a missing one is a gap.
CREATE INDEX messages_by_seq ON messages (channel, seq) WHERE seq IS NOT NULL;
