-- Each statement is sent alone, so none of them needs a DO block; `\gexec` runs what its query returns, as psql does.

-- What each store left here last: a row for each host and store, so that several hosts can share a database. `mark`
-- tells which database this is, `writer` which store left the visit.
CREATE TABLE IF NOT EXISTS rivet_store_visits (
    host SMALLINT NOT NULL,
    store TEXT NOT NULL,
    mark BIGINT NOT NULL,
    visit BIGINT NOT NULL,
    writer BIGINT,
    touched_at TIMESTAMP NOT NULL,
    PRIMARY KEY (host, store)
);
INSERT INTO rivet_store_visits (host, store, mark, visit, touched_at)
    SELECT 0, store, mark, visit, touched_at FROM store_marks WHERE store = 'conversations' ON CONFLICT DO NOTHING;

-- The primary key leads with the user, so that the table can be distributed by it. A foreign key to `id` moves to a
-- UNIQUE (id); where another owner has one, the primary key stays as it is.
WITH old AS (
    SELECT conname, conindid FROM pg_constraint WHERE conrelid = 'conversation_states'::regclass AND contype = 'p'
        AND pg_get_constraintdef(oid) = 'PRIMARY KEY (id)'
), reference AS (
    SELECT f.conname, f.conrelid::regclass AS relation, pg_get_constraintdef(f.oid) AS definition, c.relowner
    FROM pg_constraint f JOIN pg_class c ON c.oid = f.conrelid
    WHERE f.contype = 'f' AND f.conindid IN (SELECT conindid FROM old) AND f.conparentid = 0
), step AS (
    SELECT 1 AS number, format('ALTER TABLE %s DROP CONSTRAINT %I', relation, conname) AS statement FROM reference
    UNION ALL SELECT 2, format('ALTER TABLE conversation_states DROP CONSTRAINT %I', conname) FROM old
    UNION ALL SELECT 3, 'ALTER TABLE conversation_states ADD CONSTRAINT conversation_states_pkey PRIMARY KEY (user_id, id)' FROM old
    UNION ALL SELECT 4, 'ALTER TABLE conversation_states ADD CONSTRAINT conversation_states_id_key UNIQUE (id)' FROM old WHERE EXISTS (SELECT FROM reference)
    UNION ALL SELECT 5, format('ALTER TABLE %s ADD CONSTRAINT %I %s', relation, conname, definition) FROM reference
)
SELECT statement FROM step
WHERE NOT EXISTS (SELECT FROM reference WHERE NOT pg_has_role(relowner, 'USAGE')) ORDER BY number \gexec

-- No statement uses these.
DROP INDEX IF EXISTS idx_conversation_states_open_expires;
DROP INDEX IF EXISTS idx_conversation_states_open_type;

-- For pulls: what is newer than a revision, and what another program wrote. The condition of the second stands, word
-- for word, in the statement that uses it (PostgresColumns.mayBeForeign).
CREATE INDEX IF NOT EXISTS idx_conversation_states_revision ON conversation_states (revision);
CREATE INDEX IF NOT EXISTS idx_conversation_states_foreign ON conversation_states (user_id, chat_id, conversation_type)
    WHERE revision = 0 OR updated_at IS NULL
        OR updated_at > timestamp '1970-01-01' + (revision >> 16) * interval '1 millisecond';

-- Supabase serves the tables of this schema to everyone who has its public key, by these two roles.
SELECT format('REVOKE ALL ON conversation_states, store_marks, rivet_store_visits, rivet_schema_migrations FROM %I', rolname)
    FROM pg_roles WHERE rolname IN ('anon', 'authenticated') \gexec
SELECT format('REVOKE ALL ON SEQUENCE conversation_states_id_seq FROM %I', rolname)
    FROM pg_roles WHERE rolname IN ('anon', 'authenticated') AND to_regclass('conversation_states_id_seq') IS NOT NULL \gexec
-- Elsewhere, the right to add a row includes the right to its next number, as it does with an identity column.
SELECT 'GRANT USAGE ON SEQUENCE conversation_states_id_seq TO PUBLIC'
    WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname IN ('anon', 'authenticated'))
        AND to_regclass('conversation_states_id_seq') IS NOT NULL \gexec

-- So that the first pull is planned with what is there.
ANALYZE conversation_states;

-- What another program does is seen by the time of the row or by a tombstone. These triggers make sure of both: a row
-- that was changed without a new revision gets the server's time, one that was deleted leaves a tombstone, and one that
-- is added where a tombstone is takes its place. Times are UTC, and after that of the revision that was there. They are a
-- help: without them, contents are compared. `*<>` compares columns of any type.
-- Begin of what may be refused.
CREATE OR REPLACE FUNCTION rivet_conversation_changed() RETURNS TRIGGER LANGUAGE plpgsql AS $body$ BEGIN
    NEW.updated_at = greatest(clock_timestamp() AT TIME ZONE 'UTC',
        timestamp '1970-01-01' + ((OLD.revision >> 16) + 1) * interval '1 millisecond');
    RETURN NEW;
END $body$;
CREATE OR REPLACE FUNCTION rivet_conversation_removed() RETURNS TRIGGER LANGUAGE plpgsql
SECURITY DEFINER SET search_path FROM CURRENT AS $body$ DECLARE
    moment TIMESTAMP = date_trunc('milliseconds', greatest(clock_timestamp() AT TIME ZONE 'UTC',
        timestamp '1970-01-01' + ((OLD.revision >> 16) + 1) * interval '1 millisecond'));
BEGIN
    INSERT INTO conversation_states (id, user_id, chat_id, conversation_type, current_step, state_data, started_at,
        updated_at, expires_at, revision, closed, last_update_id, applied_updates)
    VALUES (OLD.id, OLD.user_id, OLD.chat_id, OLD.conversation_type, OLD.current_step, '{}', OLD.started_at, moment,
        moment, (extract(epoch FROM moment) * 1000)::bigint << 16, TRUE, OLD.last_update_id, OLD.applied_updates)
    ON CONFLICT (user_id, chat_id, conversation_type) DO NOTHING;
    RETURN NULL;
END $body$;
CREATE OR REPLACE FUNCTION rivet_conversation_added() RETURNS TRIGGER LANGUAGE plpgsql
SECURITY DEFINER SET search_path FROM CURRENT AS $body$ DECLARE
    past conversation_states;
BEGIN
    DELETE FROM conversation_states WHERE user_id = NEW.user_id AND chat_id = NEW.chat_id
        AND conversation_type = NEW.conversation_type AND closed RETURNING * INTO past;
    IF FOUND THEN
        NEW.updated_at = greatest(clock_timestamp() AT TIME ZONE 'UTC',
            timestamp '1970-01-01' + ((past.revision >> 16) + 1) * interval '1 millisecond');
        NEW.last_update_id = past.last_update_id;
        NEW.applied_updates = past.applied_updates;
    END IF;
    RETURN NEW;
END $body$;
DROP TRIGGER IF EXISTS rivet_changed ON conversation_states;
CREATE TRIGGER rivet_changed BEFORE UPDATE ON conversation_states FOR EACH ROW
    WHEN (NEW.revision = OLD.revision AND NOT OLD.closed AND NEW *<> OLD)
    EXECUTE FUNCTION rivet_conversation_changed();
DROP TRIGGER IF EXISTS rivet_removed ON conversation_states;
CREATE TRIGGER rivet_removed AFTER DELETE ON conversation_states FOR EACH ROW
    WHEN (NOT OLD.closed) EXECUTE FUNCTION rivet_conversation_removed();
DROP TRIGGER IF EXISTS rivet_added ON conversation_states;
CREATE TRIGGER rivet_added BEFORE INSERT ON conversation_states FOR EACH ROW
    WHEN (NEW.revision = 0) EXECUTE FUNCTION rivet_conversation_added();
-- End of what may be refused.
