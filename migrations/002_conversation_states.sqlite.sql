-- The same table as 002_conversation_states.sql, in SQLite's dialect. Times are UTC: 2026-11-22 09:30:00.250
CREATE TABLE IF NOT EXISTS conversation_states (
    id INTEGER PRIMARY KEY,
    user_id TEXT NOT NULL,
    chat_id TEXT NOT NULL,
    conversation_type TEXT NOT NULL DEFAULT 'add_machine',
    current_step TEXT NOT NULL,
    state_data TEXT NOT NULL DEFAULT '{}',
    started_at TEXT DEFAULT (strftime('%Y-%m-%d %H:%M:%f', 'now')),
    updated_at TEXT DEFAULT (strftime('%Y-%m-%d %H:%M:%f', 'now')),
    expires_at TEXT DEFAULT (strftime('%Y-%m-%d %H:%M:%f', 'now', '+24 hours')),
    UNIQUE(user_id, chat_id, conversation_type)
);

CREATE INDEX IF NOT EXISTS idx_conversation_states_user ON conversation_states(user_id);
CREATE INDEX IF NOT EXISTS idx_conversation_states_expires ON conversation_states(expires_at);
