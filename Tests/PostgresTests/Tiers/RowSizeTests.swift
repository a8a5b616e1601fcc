import Contracts
import Foundation
import TestSupport
import Testing

@testable import Persistence

/// Rows of other programs that are too large for the frames of our sockets.
@Suite(.serialized, .needsPostgres)
struct RowSizeTests {
    private static let id = "a0000000-0000-4000-8000-000000000001"

    /// - Parameter character: the repeated character. One that JSON escapes is larger in JSON than in the row.
    private func large(_ bytes: Int, _ character: String) -> String {
        "jsonb_build_object('text', repeat('\(character)', \(bytes)))"
    }

    private func expectOneAside(_ status: StoreStatus, _ key: String) {
        #expect(status.counters["rows.quarantined"] == 1)
        #expect(status.health == .degraded && status.summary.contains(key), "\(status.summary)")
        #expect(status.summary.contains("1 row that cannot be read was put aside"))
    }

    /// Far above the bound, just above it, and above it only as JSON.
    @Test(arguments: [(30_000_000, "x"), (1_000_000, "x"), (600_000, "\\")])
    func `A row of a tier that is too large: is put aside alone, and its key is named`(
        _ bytes: Int, _ character: String
    ) async throws {
        let test = try await StoreUnderTest(1)
        try await test.databases.migrate(.machines)
        try await test.databases.run(
            """
            INSERT INTO user_machines (user_id, nickname, machine_id, ocr_data) VALUES
                ('7', 'Fan', gen_random_uuid(), \(large(150_000, "x"))),
                ('7', 'Pump', '\(Self.id)', \(large(bytes, character))),
                ('7', 'Valve', gen_random_uuid(), NULL)
            """)
        let store = try await test.machines()
        try await eventually("the others are imported") { try await store.list().count == 2 }
        try await store.whole()
        #expect(try await Set(store.list().map(\.details.nickname)) == ["Fan", "Valve"])
        expectOneAside(store.status, Self.id)
        let content = try #require(try Database(test.libraryPath).rows("SELECT content FROM quarantine").first?[0])
        #expect(content.hasPrefix("too large") && content.utf8.count < 4_096)
        // A whole pull finds it again, and does not report it again.
        store.reconcile()
        try await eventually("the tier was read again") { store.status.counters["pulls.neon"] ?? 0 > 1 }
        #expect(store.status.counters["rows.quarantined"] == 1)
        // The row stays in its tier.
        #expect(try await test.databases.run("SELECT 1 FROM user_machines WHERE nickname = 'Pump'").count == 1)
        await store.close()
    }

    @Test func `A conversation in a tier that is too large: is put aside alone`() async throws {
        let test = try await StoreUnderTest(1)
        try await test.databases.migrate(.conversations)
        try await test.databases.run(
            """
            INSERT INTO conversation_states (user_id, chat_id, current_step, state_data, updated_at, expires_at) VALUES
                ('7', '7', 'model', \(large(1_100_000, "x")), '2027-01-15 07:00', '2027-01-16 07:00'),
                ('8', '8', 'model', '{"nickname": "Pump"}', '2027-01-15 07:00', '2027-01-16 07:00')
            """)
        let store = try await test.conversations()
        #expect(try await store.load("7") == nil)
        #expect(try await store.load("8")?.data == ["nickname": "Pump"])
        try await store.whole()
        expectOneAside(store.status, "\"7\"")
        await store.close()
    }

    /// While the service runs, and before it started.
    @Test(arguments: [true, false])
    func `A row in SQLite that is too large: moves to the quarantine, whole, and the rest is listed`(
        _ isRunning: Bool
    ) async throws {
        let test = try await StoreUnderTest(1)
        var store = try await test.machines()
        let pump = try await store.add("Pump").machine
        try await store.whole()
        if !isRunning { await store.close() }
        try Database(test.libraryPath).rows(
            """
            INSERT INTO user_machines (user_id, nickname, machine_id, ocr_data)
            VALUES ('7', 'Valve', '\(Self.id)', '{"text": "' || printf('%.*c', 1100000, 'x') || '"}')
            """)
        if !isRunning { store = try await test.machines() }
        #expect(try await store.list().map(\.id) == [pump.id])
        let page = try await store.list(.init(userID: "7"))().get()
        #expect(page.total == 1 && page.machines.count == 1)
        await store.pulse()
        try await eventually("it is told") { store.status.counters["rows.quarantined"] == 1 }
        expectOneAside(store.status, Self.id)
        let content = try #require(try Database(test.libraryPath).rows("SELECT content FROM quarantine").first?[0])
        #expect(content.utf8.count > 1_100_000)
        try await store.whole()
        await store.close()
        try await test.expectEqualTiers()
    }
}
