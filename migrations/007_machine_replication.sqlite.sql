-- The nickname that the person gave, as long as they have not been told that the machine has another one.
-- (Run again, ADD COLUMN says "duplicate column name"; Rivet takes that for done.)
ALTER TABLE user_machines ADD COLUMN renamed_from TEXT;
ALTER TABLE deleted_user_machines ADD COLUMN renamed_from TEXT;
CREATE INDEX IF NOT EXISTS idx_user_machines_renamed ON user_machines(machine_id) WHERE renamed_from IS NOT NULL;

-- What remote tiers have still to receive: `tiers` has a bit for each (1 neon, 2 supabase, 4 railway).
CREATE TABLE IF NOT EXISTS tier_debts (
    machine_id TEXT PRIMARY KEY,
    revision INTEGER NOT NULL,
    tiers INTEGER NOT NULL,
    since TEXT NOT NULL
) WITHOUT ROWID;

-- How far this store and a remote tier know each other. `visit`: what it left in the tier's `store_marks` last;
-- `next_visit`: what it may have left there since. `seeding`: NULL when everything that is not owed is in the tier,
-- else up to which key that is so; empty: not begun.
CREATE TABLE IF NOT EXISTS tier_progress (
    tier TEXT PRIMARY KEY,
    mark INTEGER,
    visit INTEGER NOT NULL,
    next_visit INTEGER,
    pulled_to INTEGER NOT NULL,
    seeding TEXT
) WITHOUT ROWID;

-- Rows that could not be read, for a person to look at.
CREATE TABLE IF NOT EXISTS quarantine (
    key TEXT NOT NULL,
    content TEXT NOT NULL,
    found_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f', 'now')),
    PRIMARY KEY (key, content)
) WITHOUT ROWID;
