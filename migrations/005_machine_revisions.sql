-- Identity, revisions and tombstones of machines. A deleted machine's row moves, whole, to deleted_user_machines.
ALTER TABLE user_machines ADD COLUMN IF NOT EXISTS machine_id UUID NOT NULL DEFAULT gen_random_uuid();
ALTER TABLE user_machines ADD COLUMN IF NOT EXISTS request_id UUID;
ALTER TABLE user_machines ADD COLUMN IF NOT EXISTS revision BIGINT NOT NULL DEFAULT 0;
-- The nickname folded for comparison; NULL in a row that another program wrote.
ALTER TABLE user_machines ADD COLUMN IF NOT EXISTS nickname_key TEXT;

CREATE UNIQUE INDEX IF NOT EXISTS idx_user_machines_machine ON user_machines(machine_id);
CREATE UNIQUE INDEX IF NOT EXISTS idx_user_machines_request ON user_machines(request_id);
CREATE INDEX IF NOT EXISTS idx_user_machines_nickname_key ON user_machines(user_id, nickname_key);
CREATE INDEX IF NOT EXISTS idx_user_machines_newest ON user_machines(user_id, created_at DESC, machine_id DESC);

CREATE TABLE IF NOT EXISTS deleted_user_machines (
    machine_id UUID PRIMARY KEY,
    request_id UUID UNIQUE,
    revision BIGINT NOT NULL,
    user_id TEXT NOT NULL,
    nickname TEXT NOT NULL,
    manufacturer TEXT,
    model_number TEXT,
    serial_number TEXT,
    location TEXT,
    notes TEXT,
    photo_file_id TEXT,
    ocr_data JSONB,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    deleted_at TIMESTAMP NOT NULL
);
CREATE INDEX IF NOT EXISTS idx_deleted_user_machines_deleted ON deleted_user_machines(deleted_at);
