-- The same table as 003_user_machines.sql, in SQLite's dialect. Times are UTC: 2026-11-22 09:30:00.250
CREATE TABLE IF NOT EXISTS user_machines (
    id INTEGER PRIMARY KEY,
    user_id TEXT NOT NULL,
    nickname TEXT NOT NULL,
    manufacturer TEXT,
    model_number TEXT,
    serial_number TEXT,
    location TEXT,
    notes TEXT,
    photo_file_id TEXT,  -- Telegram file_id for the equipment photo
    ocr_data TEXT,       -- Original OCR extraction, as JSON
    created_at TEXT DEFAULT (strftime('%Y-%m-%d %H:%M:%f', 'now')),
    updated_at TEXT DEFAULT (strftime('%Y-%m-%d %H:%M:%f', 'now'))
);

CREATE INDEX IF NOT EXISTS idx_user_machines_user ON user_machines(user_id);
CREATE UNIQUE INDEX IF NOT EXISTS idx_user_machines_nickname ON user_machines(user_id, nickname);
