-- Revisions, tombstones and the memory of applied updates. A row is a tombstone when `closed`: its state_data is
-- empty and its expires_at is past, so that the earlier bot does not see it.
ALTER TABLE conversation_states ADD COLUMN IF NOT EXISTS revision BIGINT NOT NULL DEFAULT 0;
ALTER TABLE conversation_states ADD COLUMN IF NOT EXISTS closed BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE conversation_states ADD COLUMN IF NOT EXISTS last_update_id BIGINT;
ALTER TABLE conversation_states ADD COLUMN IF NOT EXISTS applied_updates JSONB NOT NULL DEFAULT '[]';
ALTER TABLE conversation_states ADD COLUMN IF NOT EXISTS last_clear JSONB;

CREATE INDEX IF NOT EXISTS idx_conversation_states_open_expires
    ON conversation_states(expires_at) WHERE NOT closed;
CREATE INDEX IF NOT EXISTS idx_conversation_states_open_type
    ON conversation_states(conversation_type, user_id, chat_id) WHERE NOT closed;
