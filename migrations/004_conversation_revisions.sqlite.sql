-- Revisions, tombstones and the memory of applied updates. A row is a tombstone when `closed`: its state_data is
-- empty and its expires_at is past. (Run again, ADD COLUMN says "duplicate column name"; Rivet takes that for done.)
ALTER TABLE conversation_states ADD COLUMN revision INTEGER NOT NULL DEFAULT 0;
ALTER TABLE conversation_states ADD COLUMN closed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE conversation_states ADD COLUMN last_update_id INTEGER;
ALTER TABLE conversation_states ADD COLUMN applied_updates TEXT NOT NULL DEFAULT '[]';
ALTER TABLE conversation_states ADD COLUMN last_clear TEXT;

CREATE INDEX IF NOT EXISTS idx_conversation_states_open_expires
    ON conversation_states(expires_at) WHERE closed = 0;
CREATE INDEX IF NOT EXISTS idx_conversation_states_open_type
    ON conversation_states(conversation_type, user_id, chat_id) WHERE closed = 0;
CREATE INDEX IF NOT EXISTS idx_conversation_states_closed
    ON conversation_states(updated_at) WHERE closed = 1;

-- What this store must remember beyond its rows, such as the highest revision that a removed row had.
CREATE TABLE IF NOT EXISTS store_facts (
    name TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) WITHOUT ROWID;
