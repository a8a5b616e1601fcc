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
    SELECT 0, store, mark, visit, touched_at FROM store_marks WHERE store = 'machines' ON CONFLICT DO NOTHING;

-- The primary key leads with the user, so that the table can be distributed by it. A foreign key to `id` moves to a
-- UNIQUE (id); where another owner has one, the primary key stays as it is.
WITH old AS (
    SELECT conname, conindid FROM pg_constraint WHERE conrelid = 'user_machines'::regclass AND contype = 'p'
        AND pg_get_constraintdef(oid) = 'PRIMARY KEY (id)'
), reference AS (
    SELECT f.conname, f.conrelid::regclass AS relation, pg_get_constraintdef(f.oid) AS definition, c.relowner
    FROM pg_constraint f JOIN pg_class c ON c.oid = f.conrelid
    WHERE f.contype = 'f' AND f.conindid IN (SELECT conindid FROM old) AND f.conparentid = 0
), step AS (
    SELECT 1 AS number, format('ALTER TABLE %s DROP CONSTRAINT %I', relation, conname) AS statement FROM reference
    UNION ALL SELECT 2, format('ALTER TABLE user_machines DROP CONSTRAINT %I', conname) FROM old
    UNION ALL SELECT 3, 'ALTER TABLE user_machines ADD CONSTRAINT user_machines_pkey PRIMARY KEY (user_id, id)' FROM old
    UNION ALL SELECT 4, 'ALTER TABLE user_machines ADD CONSTRAINT user_machines_id_key UNIQUE (id)' FROM old WHERE EXISTS (SELECT FROM reference)
    UNION ALL SELECT 5, format('ALTER TABLE %s ADD CONSTRAINT %I %s', relation, conname, definition) FROM reference
)
SELECT statement FROM step
WHERE NOT EXISTS (SELECT FROM reference WHERE NOT pg_has_role(relowner, 'USAGE')) ORDER BY number \gexec

CREATE UNIQUE INDEX IF NOT EXISTS idx_user_machines_user_machine ON user_machines (user_id, machine_id);
CREATE UNIQUE INDEX IF NOT EXISTS idx_user_machines_user_request ON user_machines (user_id, request_id);
-- In the order of pages.
CREATE INDEX IF NOT EXISTS idx_user_machines_id ON user_machines (machine_id);
DROP INDEX IF EXISTS idx_user_machines_machine;
DROP INDEX IF EXISTS idx_user_machines_request;
-- No statement uses these.
DROP INDEX IF EXISTS idx_user_machines_nickname_key;
DROP INDEX IF EXISTS idx_user_machines_newest;

SELECT format('ALTER TABLE deleted_user_machines DROP CONSTRAINT %I', conname) FROM pg_constraint
    WHERE conrelid = 'deleted_user_machines'::regclass
        AND pg_get_constraintdef(oid) IN ('PRIMARY KEY (machine_id)', 'UNIQUE (request_id)') \gexec
SELECT 'ALTER TABLE deleted_user_machines ADD CONSTRAINT deleted_user_machines_pkey PRIMARY KEY (user_id, machine_id)'
    WHERE NOT EXISTS (SELECT FROM pg_constraint WHERE conrelid = 'deleted_user_machines'::regclass AND contype = 'p'
        AND pg_get_constraintdef(oid) = 'PRIMARY KEY (user_id, machine_id)') \gexec
CREATE UNIQUE INDEX IF NOT EXISTS idx_deleted_user_machines_user_request ON deleted_user_machines (user_id, request_id);
CREATE INDEX IF NOT EXISTS idx_deleted_user_machines_id ON deleted_user_machines (machine_id);

-- For pulls: what is newer than a revision, and what another program wrote. The condition of the second stands, word
-- for word, in the statement that uses it (PostgresColumns.mayBeForeign).
CREATE INDEX IF NOT EXISTS idx_user_machines_revision ON user_machines (revision);
CREATE INDEX IF NOT EXISTS idx_deleted_user_machines_revision ON deleted_user_machines (revision);
CREATE INDEX IF NOT EXISTS idx_user_machines_foreign ON user_machines (machine_id)
    WHERE revision = 0 OR updated_at IS NULL
        OR updated_at > timestamp '1970-01-01' + (revision >> 16) * interval '1 millisecond';

-- Supabase serves the tables of this schema to everyone who has its public key, by these two roles.
SELECT format('REVOKE ALL ON user_machines, deleted_user_machines, store_marks, rivet_store_visits, rivet_schema_migrations FROM %I',
        rolname) FROM pg_roles WHERE rolname IN ('anon', 'authenticated') \gexec
SELECT format('REVOKE ALL ON SEQUENCE user_machines_id_seq FROM %I', rolname)
    FROM pg_roles WHERE rolname IN ('anon', 'authenticated') AND to_regclass('user_machines_id_seq') IS NOT NULL \gexec
-- Elsewhere, the right to add a row includes the right to its next number, as it does with an identity column.
SELECT 'GRANT USAGE ON SEQUENCE user_machines_id_seq TO PUBLIC'
    WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname IN ('anon', 'authenticated'))
        AND to_regclass('user_machines_id_seq') IS NOT NULL \gexec

-- So that the first pull is planned with what is there.
ANALYZE user_machines;
ANALYZE deleted_user_machines;

-- What another program does is seen by the time of the row or by a tombstone. These triggers make sure of both: a row
-- that was changed without a new revision gets the server's time, and one that was deleted moves, whole, to
-- deleted_user_machines. Times are UTC, and after that of the revision that was there. They are a help: without them,
-- contents are compared. `*<>` compares columns of any type; a nickname that begins with chr(1) is one of ours, for the
-- length of a batch.
-- Begin of what may be refused.
CREATE OR REPLACE FUNCTION rivet_machine_changed() RETURNS TRIGGER LANGUAGE plpgsql AS $body$ BEGIN
    NEW.updated_at = greatest(clock_timestamp() AT TIME ZONE 'UTC',
        timestamp '1970-01-01' + ((OLD.revision >> 16) + 1) * interval '1 millisecond');
    RETURN NEW;
END $body$;
CREATE OR REPLACE FUNCTION rivet_machine_removed() RETURNS TRIGGER LANGUAGE plpgsql
SECURITY DEFINER SET search_path FROM CURRENT AS $body$ DECLARE
    moment TIMESTAMP = date_trunc('milliseconds', greatest(clock_timestamp() AT TIME ZONE 'UTC',
        timestamp '1970-01-01' + ((OLD.revision >> 16) + 1) * interval '1 millisecond'));
BEGIN
    INSERT INTO deleted_user_machines (machine_id, request_id, revision, user_id, nickname, manufacturer, model_number,
        serial_number, location, notes, photo_file_id, ocr_data, created_at, updated_at, renamed_from, deleted_at)
    VALUES (OLD.machine_id, OLD.request_id, (extract(epoch FROM moment) * 1000)::bigint << 16, OLD.user_id, OLD.nickname,
        OLD.manufacturer, OLD.model_number, OLD.serial_number, OLD.location, OLD.notes, OLD.photo_file_id, OLD.ocr_data,
        coalesce(OLD.created_at, moment), moment, OLD.renamed_from, moment)
    -- A deletion by Rivet has left its own already.
    ON CONFLICT (user_id, machine_id) DO NOTHING;
    RETURN NULL;
END $body$;
DROP TRIGGER IF EXISTS rivet_changed ON user_machines;
CREATE TRIGGER rivet_changed BEFORE UPDATE ON user_machines FOR EACH ROW
    WHEN (NEW.revision = OLD.revision AND NEW *<> OLD AND left(NEW.nickname, 1) <> chr(1))
    EXECUTE FUNCTION rivet_machine_changed();
DROP TRIGGER IF EXISTS rivet_removed ON user_machines;
CREATE TRIGGER rivet_removed AFTER DELETE ON user_machines FOR EACH ROW EXECUTE FUNCTION rivet_machine_removed();
-- End of what may be refused.
