-- Identity, revisions and tombstones of machines. A deleted machine's row moves, whole, to deleted_user_machines.
-- (Run again, ADD COLUMN says "duplicate column name"; Rivet takes that for done.)
ALTER TABLE user_machines ADD COLUMN machine_id TEXT;
ALTER TABLE user_machines ADD COLUMN request_id TEXT;
ALTER TABLE user_machines ADD COLUMN revision INTEGER NOT NULL DEFAULT 0;
-- The nickname folded for comparison; NULL in a row that another program wrote.
ALTER TABLE user_machines ADD COLUMN nickname_key TEXT;

-- A UUID of version 4 (RFC 9562 §5.4) for each row that has none.
UPDATE user_machines SET machine_id = lower(
    hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-'
    || substr('89ab', 1 + (abs(random()) % 4), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))
WHERE machine_id IS NULL;

CREATE UNIQUE INDEX IF NOT EXISTS idx_user_machines_machine ON user_machines(machine_id);
CREATE UNIQUE INDEX IF NOT EXISTS idx_user_machines_request ON user_machines(request_id);
CREATE INDEX IF NOT EXISTS idx_user_machines_nickname_key ON user_machines(user_id, nickname_key);
CREATE INDEX IF NOT EXISTS idx_user_machines_newest ON user_machines(user_id, created_at DESC, machine_id DESC);

CREATE TABLE IF NOT EXISTS deleted_user_machines (
    machine_id TEXT PRIMARY KEY,
    request_id TEXT UNIQUE,
    revision INTEGER NOT NULL,
    user_id TEXT NOT NULL,
    nickname TEXT NOT NULL,
    manufacturer TEXT,
    model_number TEXT,
    serial_number TEXT,
    location TEXT,
    notes TEXT,
    photo_file_id TEXT,
    ocr_data TEXT,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    deleted_at TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS idx_deleted_user_machines_deleted ON deleted_user_machines(deleted_at);

-- How many machines a person has, so that a list need not count them.
CREATE TABLE IF NOT EXISTS user_machine_totals (
    user_id TEXT PRIMARY KEY,
    total INTEGER NOT NULL
) WITHOUT ROWID;

-- The words of each machine. `owner` is one word for the person, so that a search need not look at other people's.
CREATE VIRTUAL TABLE IF NOT EXISTS user_machine_words USING fts5(
    owner, nickname, manufacturer, model_number, serial_number, location, notes,
    tokenize = "unicode61 remove_diacritics 0 categories 'L* N* Co Mn So'", prefix = '2 3'
);

CREATE TRIGGER IF NOT EXISTS user_machines_added AFTER INSERT ON user_machines BEGIN
    INSERT INTO user_machine_totals(user_id, total) VALUES (new.user_id, 1)
        ON CONFLICT(user_id) DO UPDATE SET total = total + 1;
    INSERT INTO user_machine_words(rowid, owner, nickname, manufacturer, model_number, serial_number, location, notes)
        VALUES (new.id, 'u' || hex(new.user_id), new.nickname, new.manufacturer, new.model_number, new.serial_number,
            new.location, new.notes);
END;

CREATE TRIGGER IF NOT EXISTS user_machines_removed AFTER DELETE ON user_machines BEGIN
    UPDATE user_machine_totals SET total = total - 1 WHERE user_id = old.user_id;
    DELETE FROM user_machine_words WHERE rowid = old.id;
END;

CREATE TRIGGER IF NOT EXISTS user_machines_changed
AFTER UPDATE OF nickname, manufacturer, model_number, serial_number, location, notes ON user_machines BEGIN
    UPDATE user_machine_words SET nickname = new.nickname, manufacturer = new.manufacturer,
        model_number = new.model_number, serial_number = new.serial_number, location = new.location,
        notes = new.notes WHERE rowid = new.id;
END;

-- Rows that were there before the triggers.
INSERT INTO user_machine_words(rowid, owner, nickname, manufacturer, model_number, serial_number, location, notes)
    SELECT id, 'u' || hex(user_id), nickname, manufacturer, model_number, serial_number, location, notes
    FROM user_machines WHERE id NOT IN (SELECT rowid FROM user_machine_words);
INSERT INTO user_machine_totals(user_id, total)
    SELECT user_id, count(*) FROM user_machines GROUP BY user_id
    ON CONFLICT(user_id) DO UPDATE SET total = excluded.total;

-- What this store must remember beyond its rows, such as the highest revision that a removed row had.
CREATE TABLE IF NOT EXISTS store_facts (
    name TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) WITHOUT ROWID;
