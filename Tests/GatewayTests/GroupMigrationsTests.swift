import Foundation
import Logging
import Synchronization
import TestSupport
import Testing

@testable import Gateway

/// What is known of groups that became supergroups, and the file that keeps it.
@Suite struct GroupMigrationsTests {
    private let directory: TestDirectory
    private var path: String { directory.path + "/gateway.groups" }

    init() throws { directory = try TestDirectory() }

    private func migrations(at path: String? = nil) -> GroupMigrations {
        GroupMigrations(path: path ?? self.path, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    @Test func `A group: known by its first id, under either id`() {
        var ids = GroupIDs()
        #expect(ids.first(of: -5) == -5 && ids.current(of: -5) == -5)
        let isNew = ids.migrated(-5, to: -1_005)
        #expect(isNew)
        for id in [-5, -1_005] as [Int64] { #expect(ids.first(of: id) == -5) }
        #expect(ids.current(of: -5) == -1_005 && ids.current(of: -1_005) == -1_005 && ids.first(of: 7) == 7)
        #expect(GroupIDs(ids.bytes) == ids)
    }

    /// Nobody's private chat becomes another one, and no pair of ids may lead in a circle.
    @Test(
        arguments: [
            (-5, -1_005), (-5, -1_006), (-6, -1_005), (-1_005, -5), (-1_005, -1_007), (-7, -7), (7, -1_007), (-7, 7),
            (0, -7),
        ] as [(Int64, Int64)])
    func `A migration that is known or cannot be: changes nothing`(_ group: Int64, _ supergroup: Int64) {
        var ids = GroupIDs()
        ids.migrated(-5, to: -1_005)
        let before = ids
        let isNew = ids.migrated(group, to: supergroup)
        #expect(!isNew && ids == before)
    }

    @Test func `More groups than are remembered: the oldest are forgotten`() {
        var ids = GroupIDs()
        let last = Int64(GroupIDs.groupsMax) + 10
        for id in 1...last { ids.migrated(-id, to: -1_000_000 - id) }
        #expect(ids.pairs.count == GroupIDs.groupsMax)
        #expect(ids.current(of: -10) == -10 && ids.current(of: -11) == -1_000_011 && ids.current(of: -last) != -last)
    }

    @Test(arguments: ["", "\n\n", "-5", "-5 x\n7 8\n-5 -1005 1\n", "\u{FF}"]) func `Lines of another form: left out`(
        _ text: String
    ) throws {
        try directory.write(text + "\n-6 -1006\n", to: "gateway.groups")
        #expect(migrations().current.pairs.map(\.group) == [-6])
    }

    @Test func `A migration: known at once, stored before its update is settled, and known to the next process`()
        async throws
    {
        let first = migrations()
        let order = Mutex<[String]>([])
        first.migrated(-5, to: -1_005) { [path] in
            let stored = (try? String(contentsOfFile: path, encoding: .utf8)) ?? "nothing"
            order.withLock { $0.append("settled: \(stored)") }
        }
        #expect(first.current.current(of: -5) == -1_005)
        let task = Task { await first.run { group in order.withLock { $0.append("asked \(group)") } } }
        try await eventually("the update is settled") { order.withLock { $0.count } == 2 }
        task.cancel()
        #expect(order.withLock { $0 } == ["asked -5", "settled: -5 -1005\n"])
        #expect(migrations().current.current(of: -5) == -1_005)
    }

    @Test func `A file that cannot be written: the update is not settled`() async throws {
        let path = directory.path + "/later/gateway.groups"
        let first = migrations(at: path)
        let isSettled = Mutex(false)
        first.migrated(-5, to: -1_005) { isSettled.withLock { $0 = true } }
        let task = Task { await first.run { _ in Issue.record("asked before it was stored") } }
        try await Task.sleep(for: .milliseconds(200))
        task.cancel()
        await task.value
        #expect(!isSettled.withLock { $0 } && first.current.current(of: -5) == -1_005)
    }

    /// The file could not be read at the start: what it knows is not lost when another group migrates.
    @Test func `A file with more than this process knows: both are kept`() async throws {
        let first = migrations()
        try directory.write("-6 -1006\n", to: "gateway.groups")
        let isSettled = Mutex(false)
        first.migrated(-5, to: -1_005) { isSettled.withLock { $0 = true } }
        let task = Task { await first.run { _ in } }
        try await eventually("the update is settled") { isSettled.withLock { $0 } }
        task.cancel()
        #expect(Set(migrations().current.pairs.map(\.group)) == [-5, -6])
    }
}
