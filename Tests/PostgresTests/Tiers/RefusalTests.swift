import Contracts
import TestSupport
import Testing

@testable import Persistence

/// Records that a database refuses, because of its owner's CHECK or a trigger.
@Suite(.serialized, .needsPostgres)
struct RefusalTests {
    @Test func `Records refused in bulk: the others are stored, and one line says why`() async throws {
        let test = try await StoreUnderTest()
        try await test.databases.migrate(.conversations)
        try await test.databases.run(
            "ALTER TABLE conversation_states ADD CONSTRAINT c CHECK (current_step <> 'bad')")
        let store = try await test.conversations(deadline: .milliseconds(300))
        try await store.whole()
        test.databases.set(.refuse)
        for user in 0..<300 { try await store.save("\(user)", user % 10 == 0 ? "model" : "bad") }
        let before = store.status
        test.databases.set(.pass)
        var lines: [StoreEvent] = []
        var last = before
        try await eventually("all others are stored") {
            let status = store.status
            lines += status.events(since: last).filter { if case .refused = $0 { true } else { false } }
            last = status
            return status.remote[0].refusals.values.reduce(0, +) == 270 && status.remote[0].pending == 270
        }
        #expect(try await test.databases.conversations().count == 30)
        #expect(lines.count == 1, "\(lines)")
        #expect(store.status.summary.contains("neon refuses 270 records, which stay owed: "))
        // A refused record does not affect the others.
        #expect(try await store.save("0", "serial").placement.storedIn.contains(.neon))
        #expect(try await store.save("1", "serial").placement.storedIn.contains(.neon))
        #expect(store.status.remote[0].pending == 269)
        try await test.databases.run("ALTER TABLE conversation_states DROP CONSTRAINT c")
        // The next contact tries them all.
        test.databases.proxies[0].reset()
        try await store.save("0", "location")
        try await store.whole()
        #expect(store.status.remote[0].refusals.isEmpty)
        await store.close()
        try await test.expectEqualTiers()
    }
}
