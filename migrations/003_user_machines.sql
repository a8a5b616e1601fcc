CREATE TABLE IF NOT EXISTS user_machines (
    id SERIAL PRIMARY KEY,
    user_id TEXT NOT NULL,
    nickname TEXT NOT NULL,
    manufacturer TEXT,
    model_number TEXT,
    serial_number TEXT,
    location TEXT,
    notes TEXT,
    photo_file_id TEXT,  -- Telegram file_id for the equipment photo
    ocr_data JSONB,      -- Original OCR extraction
    created_at TIMESTAMP DEFAULT NOW(),
    updated_at TIMESTAMP DEFAULT NOW()
);

CREATE INDEX IF NOT EXISTS idx_user_machines_user ON user_machines(user_id);
CREATE UNIQUE INDEX IF NOT EXISTS idx_user_machines_nickname ON user_machines(user_id, nickname);
