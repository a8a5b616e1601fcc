-- Which database this is, and how often a store has been in contact with it: a row for each of the two stores.
CREATE TABLE IF NOT EXISTS store_marks (
    store TEXT PRIMARY KEY,
    mark BIGINT NOT NULL,
    contacts BIGINT NOT NULL,
    touched_at TIMESTAMP NOT NULL
);

CREATE INDEX IF NOT EXISTS idx_conversation_states_closed ON conversation_states(updated_at) WHERE closed;
