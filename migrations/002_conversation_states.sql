CREATE TABLE IF NOT EXISTS conversation_states (
    id SERIAL PRIMARY KEY,
    user_id TEXT NOT NULL,
    chat_id TEXT NOT NULL,
    conversation_type TEXT NOT NULL DEFAULT 'add_machine',
    current_step TEXT NOT NULL,
    state_data JSONB NOT NULL DEFAULT '{}',
    started_at TIMESTAMP DEFAULT NOW(),
    updated_at TIMESTAMP DEFAULT NOW(),
    expires_at TIMESTAMP DEFAULT (NOW() + INTERVAL '24 hours'),
    UNIQUE(user_id, chat_id, conversation_type)
);

CREATE INDEX IF NOT EXISTS idx_conversation_states_user ON conversation_states(user_id);
CREATE INDEX IF NOT EXISTS idx_conversation_states_expires ON conversation_states(expires_at);
