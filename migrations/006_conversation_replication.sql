-- Which database this is, and what the latest visit of a store left in it: a row for each of the two stores.
CREATE TABLE IF NOT EXISTS store_marks (
    store TEXT PRIMARY KEY,
    mark BIGINT NOT NULL,
    visit BIGINT NOT NULL,
    touched_at TIMESTAMP NOT NULL
);

CREATE INDEX IF NOT EXISTS idx_conversation_states_closed ON conversation_states(updated_at) WHERE closed;
