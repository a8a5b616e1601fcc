import Contracts
import TestSupport
import Testing

@testable import Persistence

extension ServerTests {
    /// The effect of the triggers on the statements of other programs, and on ours.
    @Suite struct TriggerTests {
        /// Above the revision of every row, and below the server's clock.
        private static let revision = Revision(number: 1_000)

        private func machines(_ connection: PostgresConnection) async throws -> PostgresPage<MachineRecord> {
            let statement = PostgresMachineTable.page(after: nil, newerThan: Self.revision, limit: 10)
            return PostgresMachineTable.read(try await connection.run(statement), limit: 10)
        }

        private func conversations(_ connection: PostgresConnection) async throws -> PostgresPage<ConversationRecord> {
            let statement = PostgresConversationTable.page(after: nil, newerThan: Self.revision, limit: 10)
            return PostgresConversationTable.read(try await connection.run(statement), limit: 10)
        }

        /// The times that a session in Tokyo writes are 9 hours ahead in a TIMESTAMP column.
        @Test(arguments: ["location = 'Hall 9'", "location = 'Hall 9', updated_at = '2031-01-01'"])
        func `A machine that SQL changes: counts as changed now, whatever time it was given`(_ change: String)
            async throws
        {
            let connection = try await Server.migratedDatabase()
            let record = Samples.machine(Revision(number: 1))
            try await connection.run(PostgresMachineTable.put(record))
            #expect(try await machines(connection).records.isEmpty)
            try await connection.run("UPDATE user_machines SET \(change)")
            let page = try await machines(connection)
            let changed = try #require(page.records.first)
            #expect(changed.details.texts[.location] == "Hall 9" && page.isStamped == [false])
            #expect(changed.revision > record.revision)
            let now = try await connection.run("SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint")
            let age = try #require(now.rows[0].integer(0)) - changed.updatedAt.milliseconds
            #expect((0...60_000).contains(age))
            // Rivet's next revision is accepted, and keeps its time.
            let next = Samples.machine(Revision(rawValue: changed.revision.rawValue + 1))
            #expect(try await connection.run(PostgresMachineTable.put(next)).affectedRows == 1)
            let stored = PostgresMachineTable.read(
                try await connection.run(PostgresMachineTable.get(record.id)), limit: 1)
            #expect(stored.records == [next] && stored.isStamped == [true])
        }

        /// A slow server clock does not hide a change.
        @Test func `A change under a revision of the future: counts as after it`() async throws {
            let connection = try await Server.migratedDatabase()
            let future = Revision(at: Timestamp(milliseconds: 1_801_000_000_000))
            try await connection.run(PostgresMachineTable.put(Samples.machine(future)))
            try await connection.run("UPDATE user_machines SET location = 'Hall 9'")
            #expect(try await machines(connection).records.first.map { $0.revision > future } == true)
        }

        @Test func `A machine that SQL deletes: leaves a tombstone with all of it`() async throws {
            let connection = try await Server.migratedDatabase()
            let record = Samples.machine(Revision(number: 1))
            try await connection.run(PostgresMachineTable.put(record))
            try await connection.run("DELETE FROM user_machines")
            let page = try await machines(connection)
            let tombstone = try #require(page.records.first)
            #expect(tombstone.isDeleted && tombstone.revision > record.revision && page.isStamped == [true])
            #expect(tombstone.details == record.details && tombstone.id == record.id)
            // Rivet's earlier revision does not come back.
            #expect(try await connection.run(PostgresMachineTable.put(record)).affectedRows == 0)
        }

        @Test func `A conversation that SQL changes or deletes: reported in the next pull`() async throws {
            let connection = try await Server.migratedDatabase()
            let record = Samples.conversation(Revision(number: 1))
            try await connection.run(PostgresConversationTable.put(record))
            try await connection.run("UPDATE conversation_states SET current_step = 'notes'")
            let changed = try await conversations(connection)
            #expect(changed.records.map(\.step) == ["notes"] && changed.isStamped == [false])
            try await connection.run("DELETE FROM conversation_states")
            let tombstone = try #require(try await conversations(connection).records.first)
            #expect(tombstone.isClosed && tombstone.data.isEmpty && tombstone.revision > record.revision)
            #expect(tombstone.appliedUpdates == record.appliedUpdates)
            // The earlier bot begins again, and that counts.
            try await connection.run(
                """
                INSERT INTO conversation_states (user_id, chat_id, current_step, updated_at)
                VALUES ($1, $2, 'nickname', '2020-01-01')
                """, [record.key.userID, record.key.chatID])
            let again = try #require(try await conversations(connection).records.first)
            #expect(!again.isClosed && again.step == "nickname" && again.revision > tombstone.revision)
            #expect(again.appliedUpdates == record.appliedUpdates)
        }

        @Test func `Rows that Rivet writes, deletes and empties: left unchanged`() async throws {
            let connection = try await Server.migratedDatabase()
            let live = Samples.machine(Revision(number: 1))
            let deleted = Samples.machine(Revision(number: 2), deleted: true)
            let other = Samples.machine(Revision(number: 3), number: 2)
            let way = try #require(
                PostgresMachineTable.makeWay(for: Samples.machine(Revision(number: 4), nickname: "Valve")))
            for batch in [
                [PostgresMachineTable.put(other)],
                [PostgresMachineTable.put(live), way, PostgresMachineTable.put(deleted)],
            ] { _ = try await connection.submit(batch).value.get() }
            let everything = PostgresMachineTable.page(after: nil, newerThan: .none, limit: 10)
            let page = PostgresMachineTable.read(try await connection.run(everything), limit: 10)
            #expect(page.records == [deleted, other] && page.isStamped == [true, true])
            let closed = Samples.conversation(Revision(number: 1), closed: true)
            try await connection.run(PostgresConversationTable.put(closed))
            let later = Timestamp(milliseconds: 1_900_000_000_000)
            #expect(
                try await connection.run(PostgresConversationTable.prune(before: later, limit: 10)).affectedRows == 1)
            #expect(try await connection.run(PostgresMachineTable.prune(before: later, limit: 10)).affectedRows == 1)
            // An emptied row does not count as a change by another program.
            #expect(try await conversations(connection).records.isEmpty)
            #expect(try await machines(connection).records.isEmpty)
        }

        /// A column whose type has no equality, and a program that may read only one table.
        @Test func `Other programs: are not disturbed by the triggers`() async throws {
            let name = try await Server.database()
            let url = try Server.cluster.url(database: name)
            let owner = try await Server.connect(url)
            _ = try await EarlierSchema.upgrade(owner)
            let role = "other_\(UInt64.random(in: 0...UInt64.max))"
            for statement in [
                "ALTER TABLE user_machines ADD COLUMN theirs JSON", "CREATE ROLE \(role) LOGIN",
                "GRANT SELECT, UPDATE, DELETE ON user_machines TO \(role)",
            ] { try await owner.run(statement) }
            try await owner.run(PostgresMachineTable.put(Samples.machine(Revision(number: 1))))
            let other = try await Server.connect(url.replacing("user=\(PostgresCluster.user)", with: "user=\(role)"))
            #expect(try await other.run("UPDATE user_machines SET theirs = '{}'").affectedRows == 1)
            try await other.run("SET search_path = pg_catalog")
            #expect(try await other.run("DELETE FROM public.user_machines").affectedRows == 1)
            #expect(try await owner.run("SELECT FROM deleted_user_machines").rows.count == 1)
        }

        /// As on engines without functions.
        @Test func `A role that may make no functions: gets the schema without triggers, and a note`() async throws {
            let name = try await Server.database()
            let url = try Server.cluster.url(database: name)
            let admin = try await Server.connect(url)
            let role = "plain_\(UInt64.random(in: 0...UInt64.max))"
            for statement in [
                "CREATE ROLE \(role) LOGIN", "GRANT CREATE, USAGE ON SCHEMA public TO \(role)",
                "REVOKE USAGE ON LANGUAGE plpgsql FROM PUBLIC",
            ] { try await admin.run(statement) }
            let plain = try await Server.connect(url.replacing("user=\(PostgresCluster.user)", with: "user=\(role)"))
            #expect(try await EarlierSchema.upgrade(plain) == [2, 4, 6, 8, 3, 5, 7, 9])
            let missing = try await PostgresMigrator.missingTriggers(plain)
            #expect(missing.count == 5 && missing.contains("user_machines.rivet_changed"))
            #expect(PostgresMigrator.note(ofMissingTriggers: missing)?.cause.contains("not seen at once") == true)
            #expect(PostgresMigrator.note(ofMissingTriggers: []) == nil)
            #expect(try await EarlierSchema.upgrade(plain) == [])
        }

        @Test func `The roles of Supabase: have no right to any of it`() async throws {
            let connection = try await Server.freshDatabase()
            for role in ["anon", "authenticated"] {
                let exists = try await connection.run("SELECT FROM pg_roles WHERE rolname = '\(role)'").rows.count == 1
                if !exists { try await connection.run("CREATE ROLE \(role)") }
                try await connection.run(
                    "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ALL ON TABLES TO \(role)")
                try await connection.run(
                    "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ALL ON SEQUENCES TO \(role)")
            }
            _ = try await EarlierSchema.upgrade(connection)
            let rights = try await connection.run(
                """
                SELECT c.relname, r.rolname FROM pg_class c, pg_roles r
                WHERE c.relnamespace = 'public'::regnamespace AND r.rolname IN ('anon', 'authenticated')
                    AND (c.relkind = 'r' AND has_table_privilege(r.oid, c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE')
                        OR c.relkind = 'S' AND has_sequence_privilege(r.oid, c.oid, 'USAGE, SELECT, UPDATE'))
                """)
            // Roles belong to the whole server, and other tests rely on their absence.
            for role in ["anon", "authenticated"] {
                try await connection.run("DROP OWNED BY \(role)")
                try await connection.run("DROP ROLE \(role)")
            }
            #expect(rights.rows.map(\.columns) == [])
        }
    }
}
