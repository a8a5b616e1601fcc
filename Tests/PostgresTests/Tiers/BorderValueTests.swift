import Foundation
import TestSupport
import Testing

@testable import Contracts
@testable import Persistence

/// PostgreSQL accepts every value that the sockets accept; the sockets refuse what PostgreSQL refuses.
@Suite(.serialized, .needsPostgres)
struct BorderValueTests {
    @Test func `A JSON number: accepted at the socket if PostgreSQL accepts it`() async throws {
        let connection = try await TierDatabases(1).sql()
        let nines = String(repeating: "9", count: 131_072)
        let spellings = [
            "1.5", "1e308", "1e131071", "1e131072", "0.001e131074", "0.001e131075", "\(nines)", "1\(nines)",
            "\(nines).5",
            "1e-16383", "1e-16384", "1.0e-16382", "1.0e-16383", "0e-16384", "0e131072", "0e999999999", "0e9999999999",
            "1e999999", "1e-99999", "-1e131071", "-1e131072", "0.\(nines.prefix(16_383))", "0.\(nines.prefix(16_384))",
            "1e99999999999999999999", "1E+131071", "0.5e-20000", "12345678901234567890",
        ]
        for spelling in spellings {
            let isTaken: Bool
            if case .success = await connection.submit([PostgresStatement("SELECT $1::jsonb", [spelling])]).value {
                isTaken = true
            } else {
                isTaken = false
            }
            #expect(DecimalNumber(spelling).isStorable == isTaken, "\(spelling.prefix(40))")
        }
        connection.close()
    }

    /// A nickname of the greatest length, of letters that the index cannot compress.
    @Test func `A nickname of the greatest length: reaches the tier`() async throws {
        let test = try await StoreUnderTest()
        let store = try await test.machines()
        try await store.whole()
        var random = SeededGenerator(seed: 7)
        // To a person this is one letter with combining marks.
        var nickname = "z"
        while nickname.utf8.count < 990 {
            let mark = try #require(Unicode.Scalar(UInt32.random(in: 0x1DC0...0x1DE6, using: &random)))
            nickname.unicodeScalars.append(mark)
        }
        nickname += String(repeating: "x", count: 1_000 - nickname.utf8.count)
        let normalized = try Nickname.normalized(nickname)
        #expect(normalized.utf8.count == 1_000)
        #expect(throws: RPCError.self) { try Nickname.normalized(nickname + "x") }
        let added = try await store.add(normalized, user: String(repeating: "u", count: 128))
        #expect(added.machine.storedIn.contains(.neon))
        try await store.whole()
        await store.close()
        try await test.expectEqualTiers()
    }

    @Test func `A database that is not UTF8: is refused at contact, with the next step`() async throws {
        let databases = try await TierDatabases(1)
        let name = databases.names[0]
        try await databases.administer("DROP DATABASE \(name)")
        try await databases.administer(
            "CREATE DATABASE \(name) TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'")
        let test = try StoreUnderTest(databases)
        let store = try await test.machines()
        try await eventually("the tier is refused") { store.status.remote[0].lastError?.contains("not UTF8") ?? false }
        let added = try await store.add("Насос 🔧")
        #expect(added.isDurable && added.machine.storedIn == [.sqlite, .memory])
        let report = store.status.healthReport(at: test.clock.now())
        #expect(report.status == .degraded && report.detail?.contains("ENCODING 'UTF8'") == true, "\(report)")
        await store.close()
        // No table was created in it.
        #expect(try await databases.run("SELECT 1 FROM pg_tables WHERE schemaname = 'public'").isEmpty)
    }

    @Test func `A row that another program puts into SQLite: is listed, kept apart by its nickname, and replicated`()
        async throws
    {
        let test = try await StoreUnderTest()
        let store = try await test.machines()
        try await store.add("Pump")
        try await store.whole()
        let other = try Database(test.libraryPath)
        try other.rows(
            "INSERT INTO user_machines (user_id, nickname, location) VALUES ('7', 'Valve', 'Hall'), ('8', 'Fan', NULL)")
        try other.rows(
            """
            INSERT INTO user_machines (machine_id, user_id, nickname, created_at, updated_at)
            VALUES ('f0000000-0000-4000-8000-000000000000', '7', 'Motor', NULL, NULL)
            """)
        #expect(try await Set(store.list().map(\.details.nickname)) == ["Pump", "Valve", "Motor"])
        try await store.whole()
        let stored = try await test.databases.machines()
        #expect(Set(stored.map(\.details.nickname)) == ["Pump", "Valve", "Fan", "Motor"])
        #expect(stored.allSatisfy { $0.id.isUUID })
        await store.close()
        try await test.expectEqualTiers()
    }
}
