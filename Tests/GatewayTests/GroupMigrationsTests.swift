import Foundation
import Logging
import Synchronization
import TelegramBotAPI
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

    private func pair(_ group: Int64, _ supergroup: Int64) -> GroupIDs.Pair {
        GroupIDs.Pair(group: group, supergroup: supergroup)
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

    @Test(
        arguments: [
            (Message(id: 1, chat: Chat(id: -5), contentKind: .migration, migrateToChatID: -1_005), true),
            (Message(id: 1, chat: Chat(id: -1_005), contentKind: .migration, migrateFromChatID: -5), true),
            (Message(id: 1, chat: Chat(id: 5), contentKind: .migration, migrateToChatID: -1_005), false),
            (Message(id: 1, chat: Chat(id: -5), contentKind: .migration, migrateToChatID: 7), false),
            (Message(id: 1, chat: Chat(id: -5), contentKind: .migration), false),
            (Message(id: 1, chat: Chat(id: -5), text: "x", migrateToChatID: -1_005), false),
        ] as [(Message, Bool)])
    func `A service message: tells both ids, unless they cannot be`(_ message: Message, _ tells: Bool) {
        #expect(message.migration == (tells ? pair(-5, -1_005) : nil))
    }

    @Test func `More groups than are remembered: the oldest are forgotten`() {
        var ids = GroupIDs()
        let last = Int64(GroupIDs.groupsMax) + 10
        for id in 1...last { ids.migrated(-id, to: -1_000_000 - id) }
        #expect(ids.pairs.count == GroupIDs.groupsMax)
        #expect(ids.current(of: -10) == -10 && ids.current(of: -11) == -1_000_011 && ids.current(of: -last) != -last)
    }

    @Test(arguments: ["-5", "-5 x", "7 8", "-5 -1005 1", "-5 -1005\n-5 -1005", "\u{FF}"])
    func `A damaged file: counts as missing`(_ text: String) throws {
        try directory.write("-6 -1006\n\(text)\n", to: "gateway.groups")
        #expect(!migrations().isKnown && migrations().current == GroupIDs())
    }

    @Test func `A file that is missing: nothing is written before the entries have told`() async throws {
        let first = migrations()
        #expect(!first.isKnown)
        let order = Mutex<[String]>([])
        first.migrated(pair(-5, -1_005)) { order.withLock { $0.append("settled") } }
        #expect(first.current.current(of: -5) == -1_005)
        let task = Task { await first.run { pair in order.withLock { $0.append("followed \(pair.group)") } } }
        first.relearned([pair(-6, -1_006), pair(-5, -1_005)])
        try await eventually("the update is settled") { order.withLock { $0.count } == 2 }
        task.cancel()
        #expect(order.withLock { $0 } == ["followed -5", "settled"])
        #expect(migrations().isKnown && Set(migrations().current.pairs.map(\.group)) == [-5, -6])
    }

    @Test func `A migration: in the file before what follows, and known to the next process`() async throws {
        migrations().relearned([])
        let first = migrations()
        #expect(first.isKnown)
        let found = Mutex<String?>(nil)
        let task = Task { [path] in
            await first.run { _ in
                found.withLock { $0 = try? String(contentsOfFile: path, encoding: .utf8) }
            }
        }
        first.migrated(pair(-5, -1_005))
        try await eventually("it was followed") { found.withLock { $0 } != nil }
        task.cancel()
        #expect(found.withLock { $0 } == "-5 -1005\n")
        #expect(migrations().current.current(of: -5) == -1_005)
    }

    /// Otherwise nobody's updates would be confirmed any more. The next process asks the entries.
    @Test func `A file that cannot be written: removed, and the update is settled`() async throws {
        migrations().relearned([])
        let first = migrations()
        // A directory in the place of the new content.
        try FileManager.default.createDirectory(atPath: path + ".new/in", withIntermediateDirectories: true)
        let isSettled = Mutex(false)
        let task = Task { await first.run { _ in } }
        first.migrated(pair(-5, -1_005)) { isSettled.withLock { $0 = true } }
        try await eventually("the update is settled") { isSettled.withLock { $0 } }
        task.cancel()
        #expect(first.current.current(of: -5) == -1_005 && !migrations().isKnown)
    }
}
