import Contracts
import TestSupport
import Testing

@testable import Persistence

extension ServerTests {
    @Suite struct ConversationTableTests {
        private let key = ConversationKey(userID: "7", chatID: "-100:3")

        /// - Parameter number: counts revisions from a base that is not below the time of the row.
        private func record(_ number: Int64, step: String = "model", closed: Bool = false) -> ConversationRecord {
            record(at: Revision(number: number), step: step, closed: closed)
        }

        private func record(
            at revision: Revision, step: String = "model", closed: Bool = false
        ) -> ConversationRecord {
            var record = ConversationRecord(
                key: key, revision: revision, isClosed: closed, step: step,
                data: [
                    "nickname": "Pump 🔧 \"x\" \\ 'y'", "notes": .string(String(repeating: "ß🔧", count: 1_000)),
                    "number": .integer(.max), "own": .decimal("1.50"), "none": .null, "list": [true, [], [:]],
                ],
                startedAt: Timestamp(milliseconds: 1_795_000_000_001),
                updatedAt: Timestamp(milliseconds: 1_795_000_100_999),
                expiresAt: Timestamp(milliseconds: 1_795_086_500_999), lastUpdateID: 12, appliedUpdates: [],
                lastClearing: nil)
            record.appliedUpdates = [
                .init(updateID: 11, revision: Revision(rawValue: 5), expiresAt: nil),
                .init(updateID: 12, revision: revision, expiresAt: record.expiresAt),
            ]
            record.lastClearing = .init(reason: .completed, outcome: ["machine_id": "x"], updateID: 11)
            return record
        }

        private func stored(_ connection: PostgresConnection) async throws -> ConversationRecord? {
            let page = PostgresConversationTable.read(
                try await connection.run(PostgresConversationTable.get(key)), limit: 1)
            #expect(page.unreadable.isEmpty)
            return page.records.first
        }

        @Test func `A record: comes back whole`() async throws {
            let connection = try await Server.migratedDatabase()
            for closed in [false, true] {
                let record = record(closed ? 11 : 10, closed: closed)
                #expect(try await connection.run(PostgresConversationTable.put(record)).affectedRows == 1)
                #expect(try await stored(connection) == record)
            }
        }

        @Test func `The newest revision: wins`() async throws {
            let connection = try await Server.migratedDatabase()
            for (revision, step, expected) in [
                (Int64(10), "model", 1), (9, "older", 0), (10, "equal", 0), (11, "newer", 1), (11, "newer", 0),
            ] {
                let result = try await connection.run(PostgresConversationTable.put(record(revision, step: step)))
                #expect(result.affectedRows == expected, "\(step)")
            }
            #expect(try await stored(connection)?.step == "newer")
        }

        /// SQL compares as Swift does, for every time that a column can have.
        @Test func `A row of the earlier bot: has the revision of its time`() async throws {
            let connection = try await Server.migratedDatabase()
            for (updatedAt, isDated) in [
                ("'2026-11-22 09:30:00.999999'", true), ("'2026-11-22 09:30:00'", true),
                ("'1969-12-31 23:59:59.5'", false), ("NULL", false), ("'infinity'", false), ("'-infinity'", false),
                ("'2000-02-29 00:00:00.001'", true), ("'1999-12-31 23:59:59.9995'", true),
                ("'1970-01-01 00:00:00.0009'", false), ("'1970-01-01 00:00:00.001'", true),
            ] {
                try await connection.run("TRUNCATE conversation_states")
                try await connection.run(
                    """
                    INSERT INTO conversation_states (user_id, chat_id, current_step, updated_at)
                    VALUES ('7', '-100:3', 'theirs', \(updatedAt))
                    """)
                let theirs = try #require(try await stored(connection)).revision.rawValue
                // An equal revision is the row's own, and stamps it. For a row without a time, every revision is newer.
                for (revision, expected) in [(theirs - 1, isDated ? 0 : 1), (theirs, 1), (theirs + 1, 1)] {
                    var ours = record(at: Revision(rawValue: revision))
                    ours.updatedAt = Timestamp(milliseconds: max(0, revision >> 16))
                    let result = try await connection.run(PostgresConversationTable.put(ours))
                    #expect(result.affectedRows == expected, "\(updatedAt) \(revision)")
                }
            }
        }

        @Test func `Pages: hold every row once`() async throws {
            let connection = try await Server.migratedDatabase()
            var batch: [PostgresStatement] = []
            var keys: Set<ConversationKey> = []
            for user in ["1", "10", "9", "é", "Z", "a", "🔧"] {
                for chat in ["1", "-5", "1:2"] {
                    for type in ["add_machine", "photo"] {
                        var record = record(10)
                        record.key = ConversationKey(userID: user, chatID: chat, type: type)
                        keys.insert(record.key)
                        batch.append(PostgresConversationTable.put(record))
                    }
                }
            }
            _ = try await connection.submit(batch).value.get()
            var found: [ConversationKey] = []
            var next: ConversationKey?
            repeat {
                let result = try await connection.run(
                    PostgresConversationTable.page(after: next, newerThan: .none, limit: 5))
                let page = PostgresConversationTable.read(result, limit: 5)
                found += page.records.map(\.key)
                next = page.next
            } while next != nil
            #expect(found.count == keys.count && Set(found) == keys)
        }

        @Test func `A row that is no record: reported with its key`() async throws {
            let connection = try await Server.migratedDatabase()
            try await connection.run(
                """
                INSERT INTO conversation_states (user_id, chat_id, current_step, state_data)
                VALUES ('7', '-100:3', 's', '[1]')
                """)
            let page = PostgresConversationTable.read(
                try await connection.run(PostgresConversationTable.get(key)), limit: 1)
            #expect(page.records.isEmpty && page.unreadable.map(\.key) == [key])
        }

        @Test func `An old tombstone: loses its content once and stays`() async throws {
            let connection = try await Server.migratedDatabase()
            let tombstone = record(10, closed: true)
            try await connection.run(PostgresConversationTable.put(tombstone))
            let moment = tombstone.updatedAt
            let earlier = PostgresConversationTable.prune(before: moment.advanced(by: .milliseconds(-1)), limit: 5)
            #expect(try await connection.run(earlier).affectedRows == 0)
            let prune = PostgresConversationTable.prune(before: moment, limit: 5)
            #expect(try await connection.run(prune).affectedRows == 1)
            #expect(try await stored(connection) == tombstone.emptied)
            #expect(try await connection.run(prune).affectedRows == 0)
            // It still blocks an older row of a lagging store.
            #expect(try await connection.run(PostgresConversationTable.put(record(9))).affectedRows == 0)
        }

        @Test func `The time zone and date style of a session: without effect`() async throws {
            let name = try #require(
                try await Server.migratedDatabase().run("SELECT current_database()").rows[0].text(0))
            let options = "&options=-c%20DateStyle%3DGerman%20-c%20TimeZone%3DAsia/Tokyo"
            let connection = try await Server.connect(try Server.cluster.url(database: name) + options)
            let record = record(10)
            try await connection.run(PostgresConversationTable.put(record))
            #expect(try await stored(connection) == record)
        }
    }

    @Suite struct MachineTableTests {
        private let id = "0192f3c4-0000-4000-8000-000000000001"
        private let other = "0192f3c4-0000-4000-8000-000000000002"

        /// - Parameter number: counts revisions from a base that is not below the time of the row.
        private func machine(
            _ number: Int64, _ nickname: String = "Pump 🔧", id: String? = nil, deleted: Bool = false
        ) -> MachineRecord {
            machine(at: Revision(number: number), nickname, id: id, deleted: deleted)
        }

        private func machine(
            at revision: Revision, _ nickname: String = "Pump 🔧", id: String? = nil, deleted: Bool = false
        ) -> MachineRecord {
            let details = MachineDetails(
                nickname: nickname,
                texts: [
                    .manufacturer: "Größe \"A\" \\", .notes: String(repeating: "ß\n🔧'", count: 500), .photoFileID: "",
                ],
                ocrData: ["lines": ["a", 1, .decimal("2.0"), .null]])
            return MachineRecord(
                id: id ?? self.id, requestID: "1" + (id ?? self.id).dropFirst(), revision: revision,
                userID: "7", details: details, createdAt: Timestamp(milliseconds: 1_795_000_000_001),
                updatedAt: Timestamp(milliseconds: 1_795_000_000_000 + revision.rawValue % 1_000),
                deletedAt: deleted ? Timestamp(milliseconds: 1_795_000_100_000) : nil)
        }

        private func put(_ machine: MachineRecord, _ connection: PostgresConnection) async throws -> Int {
            try await connection.run(PostgresMachineTable.put(machine)).affectedRows
        }

        private func stored(_ connection: PostgresConnection, _ id: String? = nil) async throws -> MachineRecord? {
            let result = try await connection.run(PostgresMachineTable.get(id ?? self.id))
            return PostgresMachineTable.read(result, limit: 1).records.first
        }

        /// The number of rows in both tables.
        private func counts(_ connection: PostgresConnection) async throws -> [Int64?] {
            let row = try await connection.run(
                "SELECT (SELECT count(*) FROM user_machines), (SELECT count(*) FROM deleted_user_machines)"
            ).rows[0]
            return [row.integer(0), row.integer(1)]
        }

        @Test func `A machine: added, deleted and restored whole`() async throws {
            let connection = try await Server.migratedDatabase()
            for (revision, deleted) in [(Int64(10), false), (11, true), (12, false), (13, true), (14, true)] {
                let machine = machine(revision, deleted: deleted)
                #expect(try await put(machine, connection) == 1)
                #expect(try await stored(connection) == machine)
                #expect(try await counts(connection) == (deleted ? [0, 1] : [1, 0]))
                // The same statement again.
                #expect(try await put(machine, connection) == 0)
                #expect(try await counts(connection) == (deleted ? [0, 1] : [1, 0]))
            }
        }

        @Test func `The newest revision: wins across both tables`() async throws {
            let connection = try await Server.migratedDatabase()
            for (revision, deleted, expected) in [
                (Int64(10), false, 1), (9, true, 0), (10, true, 0), (9, false, 0), (12, true, 1), (11, false, 0),
                (12, false, 0), (11, true, 0), (13, false, 1), (12, true, 0),
            ] {
                #expect(
                    try await put(machine(revision, deleted: deleted), connection) == expected, "\(revision) \(deleted)"
                )
            }
            #expect(try await stored(connection) == machine(13))
            #expect(try await counts(connection) == [1, 0])
        }

        @Test func `A deletion of an unknown machine: stored as a tombstone`() async throws {
            let connection = try await Server.migratedDatabase()
            #expect(try await put(machine(10, deleted: true), connection) == 1)
            #expect(try await put(machine(9), connection) == 0)
            #expect(try await counts(connection) == [0, 1])
        }

        @Test func `A row of the earlier bot: has the revision of its time`() async throws {
            let connection = try await Server.migratedDatabase()
            for (updatedAt, createdAt) in [
                ("'2026-11-22 09:30:00.999999'", "NULL"), ("NULL", "'2026-11-22 09:30:00.25'"), ("NULL", "NULL"),
                ("'infinity'", "'2026-11-22 09:30:00'"),
            ] {
                let isDated = (updatedAt, createdAt) != ("NULL", "NULL")
                for deleted in [false, true] {
                    for table in ["user_machines", "deleted_user_machines"] {
                        try await connection.run("TRUNCATE \(table)")
                    }
                    try await connection.run(
                        """
                        INSERT INTO user_machines (machine_id, user_id, nickname, updated_at, created_at)
                        VALUES ('\(id)', '7', 'theirs', \(updatedAt), \(createdAt))
                        """)
                    let theirs = try #require(try await stored(connection)).revision.rawValue
                    func ours(_ revision: Int64) -> MachineRecord {
                        machine(at: Revision(rawValue: revision), deleted: deleted)
                    }
                    // For a row without a time, every revision is newer.
                    #expect(try await put(ours(theirs - 1), connection) == (isDated ? 0 : 1))
                    if isDated { #expect(try await counts(connection) == [1, 0]) }
                    #expect(try await put(ours(theirs), connection) == 1)
                    #expect(try await put(ours(theirs + 1), connection) == 1)
                    #expect(try await counts(connection) == (deleted ? [0, 1] : [1, 0]))
                }
            }
        }

        @Test func `A nickname clash: recognized by its error`() async throws {
            let connection = try await Server.migratedDatabase()
            _ = try await put(machine(10), connection)
            let clash = try await connection.refusal([PostgresMachineTable.put(machine(11, id: other))])
            #expect(PostgresMachineTable.isNicknameClash(clash))
            #expect(clash.failure == .conflict && clash.outcome == .refused)
            let owner = PostgresMachineTable.read(
                try await connection.run(PostgresMachineTable.owner(of: "Pump 🔧", userID: "7")), limit: 1)
            #expect(owner.records == [machine(10)])
            #expect(try await put(machine(11, "Pump 🔧 (2)", id: other), connection) == 1)
            var sameRequest = machine(12, "Valve", id: "0192f3c4-0000-4000-8000-000000000003")
            sameRequest.requestID = machine(10).requestID
            let sameIdentity = try await connection.refusal([PostgresMachineTable.put(sameRequest)])
            #expect(sameIdentity.failure == .conflict && !PostgresMachineTable.isNicknameClash(sameIdentity))
            #expect(sameIdentity.constraint == "idx_user_machines_user_request")
            #expect(try await counts(connection) == [2, 0])
        }

        /// A machine whose nickname was taken stays deleted.
        @Test func `A refused restore: leaves the tombstone`() async throws {
            let connection = try await Server.migratedDatabase()
            _ = try await put(machine(10, deleted: true), connection)
            _ = try await put(machine(11, id: other), connection)
            #expect(
                PostgresMachineTable.isNicknameClash(
                    try await connection.refusal([PostgresMachineTable.put(machine(12))])))
            #expect(try await stored(connection) == machine(10, deleted: true))
        }

        @Test func `Pages: hold live and deleted machines in the order of their ids`() async throws {
            let connection = try await Server.migratedDatabase()
            let machines = (0..<23).map { number in
                let suffix = String(0x1000 + number, radix: 16)
                return machine(
                    10, "M\(number)", id: "0192f3c4-0000-4000-8000-00000000\(suffix)", deleted: number % 3 == 0)
            }
            _ = try await connection.submit(machines.shuffled().map(PostgresMachineTable.put)).value.get()
            var found: [MachineRecord] = []
            var next: String?
            repeat {
                let result = try await connection.run(
                    PostgresMachineTable.page(after: next, newerThan: .none, limit: 5))
                let page = PostgresMachineTable.read(result, limit: 5)
                #expect(page.unreadable.isEmpty)
                found += page.records
                next = page.next
            } while next != nil
            #expect(found == machines)
        }

        @Test func `An old deletion: loses its content once and stays`() async throws {
            let connection = try await Server.migratedDatabase()
            let tombstone = machine(10, deleted: true)
            _ = try await put(tombstone, connection)
            let prune = PostgresMachineTable.prune(before: Timestamp(milliseconds: 1_795_000_100_000), limit: 9)
            #expect(try await connection.run(prune).affectedRows == 1)
            #expect(try await counts(connection) == [0, 1])
            let left = PostgresMachineTable.read(
                try await connection.run(PostgresMachineTable.get(tombstone.id)), limit: 1)
            #expect(left.records == [tombstone.emptied] && left.isStamped == [true])
            #expect(try await connection.run(prune).affectedRows == 0)
            _ = try await put(machine(9), connection)
            #expect(try await counts(connection) == [0, 1])
        }
    }
}
