-- A sweep finds open conversations by the hour of their end, in hours since 1970 (NULL in a row that another program
-- wrote: looked at by every sweep). An index on `expires_at` itself would be written with each save.
-- (Run again, ADD COLUMN says "duplicate column name"; Rivet takes that for done.)
ALTER TABLE conversation_states ADD COLUMN expires_hour INTEGER;
UPDATE conversation_states SET expires_hour = CAST(strftime('%s', expires_at) AS INTEGER) / 3600
    WHERE closed = 0 AND expires_hour IS NULL;

DROP INDEX IF EXISTS idx_conversation_states_expires;
DROP INDEX IF EXISTS idx_conversation_states_open_expires;
CREATE INDEX IF NOT EXISTS idx_conversation_states_open_hour
    ON conversation_states(ifnull(expires_hour, 0)) WHERE closed = 0;
