import Contracts
import TestSupport
import Testing

@testable import Persistence

/// Rows that another program changed: it sets the time of a row and leaves its revision.
extension ServerTests {
    @Suite struct ForeignRowTests {
        private let later = "2027-01-01 00:00:00.500"
        private var laterRevision: Revision { Revision(at: Timestamp(parsing: later) ?? Samples.moment) }

        private func rows<Table: PostgresTable>(
            _ table: Table.Type, newerThan revision: Revision = .none, _ connection: PostgresConnection
        ) async throws -> [TierPage<Table.Record>.Row] {
            let result = try await connection.run(table.page(after: nil, newerThan: revision, limit: 100))
            let page = table.read(result, limit: 100)
            #expect(page.unreadable.isEmpty && page.next == nil)
            return zip(page.records, page.isStamped).map { .init($0, isStamped: $1) }
        }

        @Test func `A conversation that SQL changed: counts as newer`() async throws {
            let connection = try await Server.migratedDatabase()
            // As in a database where triggers cannot be created.
            try await connection.run("SET session_replication_role = replica")
            let ours = Samples.conversation(Revision(number: 10))
            try await connection.run(PostgresConversationTable.put(ours))
            #expect(try await rows(PostgresConversationTable.self, connection)[0].isStamped)
            try await connection.run(
                "UPDATE conversation_states SET current_step = 'theirs', updated_at = '\(later)'")
            var row = try await rows(PostgresConversationTable.self, connection)[0]
            #expect(!row.isStamped && row.record.revision == laterRevision && row.record.step == "theirs")
            // Our next change was decided before this change was known.
            let lost = PostgresConversationTable.put(Samples.conversation(Revision(number: 11)))
            #expect(try await connection.run(lost).affectedRows == 0)
            // After the import, the record is put as it was read. The content stays the same, and the row gets its
            // revision.
            for expected in [1, 0] {
                let stamping = PostgresConversationTable.put(row.record)
                #expect(try await connection.run(stamping).affectedRows == expected)
            }
            let before = row.record
            row = try await rows(PostgresConversationTable.self, connection)[0]
            #expect(row.isStamped && row.record == before)
        }

        @Test func `A machine that SQL changed: counts as newer`() async throws {
            let connection = try await Server.migratedDatabase()
            // As in a database where triggers cannot be created.
            try await connection.run("SET session_replication_role = replica")
            try await connection.run(PostgresMachineTable.put(Samples.machine(Revision(number: 10))))
            try await connection.run("UPDATE user_machines SET location = 'Hall 9', updated_at = '\(later)'")
            var row = try await rows(PostgresMachineTable.self, connection)[0]
            #expect(!row.isStamped && row.record.revision == laterRevision)
            #expect(row.record.details.texts[.location] == "Hall 9")
            for deleted in [false, true] {
                let lost = PostgresMachineTable.put(Samples.machine(Revision(number: 11), deleted: deleted))
                #expect(try await connection.run(lost).affectedRows == 0)
            }
            for expected in [1, 0] {
                #expect(try await connection.run(PostgresMachineTable.put(row.record)).affectedRows == expected)
            }
            let before = row.record
            row = try await rows(PostgresMachineTable.self, connection)[0]
            #expect(row.isStamped && row.record == before)
        }

        @Test func `A page of newer rows: has foreign rows too`() async throws {
            let connection = try await Server.migratedDatabase()
            var batch: [PostgresStatement] = []
            for number in 1...9 {
                let revision = Revision(number: Int64(number))
                batch.append(
                    PostgresConversationTable.put(
                        Samples.conversation(revision, user: "\(number)", closed: number % 2 == 0)))
                batch.append(
                    PostgresMachineTable.put(Samples.machine(revision, number: number, deleted: number % 2 == 0)))
            }
            _ = try await connection.submit(batch).value.get()
            try await connection.run(
                "UPDATE conversation_states SET updated_at = '\(later)' WHERE user_id IN ('1', '2')")
            try await connection.run(
                """
                INSERT INTO conversation_states (user_id, chat_id, current_step, updated_at)
                VALUES ('old', '1', 'model', '2025-01-01')
                """)
            let conversations = try await rows(
                PostgresConversationTable.self, newerThan: Revision(number: 7), connection)
            #expect(Set(conversations.map(\.record.key.userID)) == ["1", "2", "old", "8", "9"])
            #expect(Set(conversations.filter(\.isStamped).map(\.record.key.userID)) == ["8", "9"])

            let first = Samples.machine(.none).id
            try await connection.run(
                "UPDATE user_machines SET updated_at = '\(later)' WHERE machine_id = $1::uuid", [first])
            try await connection.run(
                """
                INSERT INTO user_machines (machine_id, user_id, nickname, created_at, updated_at)
                VALUES ('f0000000-0000-4000-8000-000000000000', '7', 'old', '2025-01-01', NULL)
                """)
            let machines = try await rows(PostgresMachineTable.self, newerThan: Revision(number: 7), connection)
            #expect(machines.map(\.record.details.nickname) == ["Pump 🔧 1", "Pump 🔧 8", "Pump 🔧 9", "old"])
            #expect(machines.map(\.isStamped) == [false, true, true, false])
        }
    }

    @Suite struct BatchTests {
        private func all<Table: PostgresTable>(
            _ table: Table.Type, _ connection: PostgresConnection
        ) async throws -> [Table.Record] {
            let result = try await connection.run(table.page(after: nil, newerThan: .none, limit: 100))
            return table.read(result, limit: 100).records
        }

        /// Rows as text, with every column except the ones that the database generates.
        private func texts(_ connection: PostgresConnection) async throws -> [PostgresRow] {
            try await connection.run(
                "SELECT (to_jsonb(stored) - 'id')::text FROM conversation_states AS stored ORDER BY user_id, chat_id"
            ).rows
        }

        @Test func `Many records in one statement: stored as if each were sent alone`() async throws {
            var bare = Samples.conversation(Revision(number: 1), user: "bare")
            bare.data = [:]
            bare.lastUpdateID = nil
            bare.lastClearing = nil
            bare.appliedUpdates = []
            let records = [
                Samples.conversation(Revision(number: 1)),
                Samples.conversation(Revision(number: 2), user: "é", closed: true),
                Samples.conversation(Revision(number: 3), user: "\"'\\{", chat: "[]", type: "null", step: "👩‍🔧\"\\"),
                bare,
            ]
            let (one, many) = (try await Server.migratedDatabase(), try await Server.migratedDatabase())
            _ = try await one.submit(records.map(PostgresConversationTable.put)).value.get()
            let statement = try #require(PostgresConversationTable.putAll(records))
            #expect(try await many.run(statement).affectedRows == 4)
            #expect(try await texts(many) == texts(one))
            let stored = try await all(PostgresConversationTable.self, many)
            #expect(Set(stored.map(\.key)) == Set(records.map(\.key)))
            for record in stored { #expect(records.contains(record)) }
            // Over existing rows, each record separately: older, equal and newer.
            let changed = [(0, Int64(0)), (1, 2), (2, 4)].map { index, number in
                var record = records[index]
                record.revision = Revision(number: number)
                record.step = "changed"
                return record
            }
            _ = try await one.submit(changed.map(PostgresConversationTable.put)).value.get()
            #expect(try await many.run(try #require(PostgresConversationTable.putAll(changed))).affectedRows == 1)
            #expect(try await texts(many) == texts(one))
        }

        /// Three machines swap their nicknames in one batch.
        @Test func `Machines that swap nicknames: stored when way is made`() async throws {
            let connection = try await Server.migratedDatabase()
            let before = (0..<3).map { Samples.machine(Revision(number: 10), number: $0, nickname: "M\($0)") }
            let after = (0..<3).map { Samples.machine(Revision(number: 11), number: $0, nickname: "M\(($0 + 1) % 3)") }
            _ = try await connection.submit(before.map(PostgresMachineTable.put)).value.get()
            let refusal = try await connection.refusal(after.map(PostgresMachineTable.put))
            #expect(PostgresMachineTable.isNicknameClash(refusal) && refusal.statement == 0)
            #expect(PostgresMachineTable.refusal(refusal) == .clash)
            let batch = after.compactMap(PostgresMachineTable.makeWay) + after.map(PostgresMachineTable.put)
            #expect(batch.count == 6)
            for _ in 1...2 {
                _ = try await connection.submit(batch).value.get()
                #expect(try await all(PostgresMachineTable.self, connection) == after)
            }
            // Way is made only for a record that replaces a row.
            let older = before.compactMap(PostgresMachineTable.makeWay)
            #expect(try await connection.submit(older).value.get().map(\.affectedRows) == [0, 0, 0])
            #expect(try await all(PostgresMachineTable.self, connection) == after)
        }

        @Test func `The rival of a machine: the live machine of the user with its nickname`() async throws {
            let connection = try await Server.migratedDatabase()
            let (ours, theirs) = (
                Samples.machine(Revision(number: 1), number: 1), Samples.machine(Revision(number: 2), number: 2)
            )
            for machine in [theirs, Samples.machine(Revision(number: 3), number: 3, user: "8")] {
                try await connection.run(PostgresMachineTable.put(machine))
            }
            func rival(_ nickname: String) async throws -> MachineRecord? {
                var record = ours
                record.details.nickname = nickname
                let statement = try #require(PostgresMachineTable.rival(of: record))
                return PostgresMachineTable.read(try await connection.run(statement), limit: 1).records.first
            }
            #expect(try await rival(theirs.details.nickname) == theirs)
            #expect(try await rival(theirs.details.nickname.lowercased()) == nil)
            // Another user's machine is no rival, and neither is a deleted one.
            #expect(try await rival("Pump 🔧 3") == nil)
            try await connection.run(
                PostgresMachineTable.put(Samples.machine(Revision(number: 4), number: 2, deleted: true)))
            #expect(try await rival(theirs.details.nickname) == nil)
            #expect(PostgresConversationTable.rival(of: Samples.conversation(Revision(number: 1))) == nil)
        }
    }
}
