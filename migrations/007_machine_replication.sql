-- Which database this is, and what the latest visit of a store left in it: a row for each of the two stores.
CREATE TABLE IF NOT EXISTS store_marks (
    store TEXT PRIMARY KEY,
    mark BIGINT NOT NULL,
    visit BIGINT NOT NULL,
    touched_at TIMESTAMP NOT NULL
);

-- The nickname that the person gave, as long as they have not been told that the machine has another one.
ALTER TABLE user_machines ADD COLUMN IF NOT EXISTS renamed_from TEXT;
ALTER TABLE deleted_user_machines ADD COLUMN IF NOT EXISTS renamed_from TEXT;
