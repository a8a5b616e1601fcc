-- Rows that another program wrote: the start looks for them, and need not look through all others.
CREATE INDEX IF NOT EXISTS idx_user_machines_unfolded ON user_machines(id) WHERE nickname_key IS NULL;
