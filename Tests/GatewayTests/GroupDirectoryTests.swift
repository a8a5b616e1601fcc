import Contracts
import Logging
import Synchronization
import TelegramBotAPI
import TestSupport
import Testing

@testable import Gateway

/// What is known of groups that became supergroups, and where it is kept.
@Suite struct GroupDirectoryTests {
    private static let now = Timestamp(milliseconds: 1_795_000_000_000)
    private static let hall: Int64 = -1_001_000_000_005

    private let services = FakeServices()

    private func directory() -> GroupDirectory<FakeServices> {
        GroupDirectory(
            calls: services, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, now: { Self.now })
    }

    private func calls(_ name: String) -> Int { services.content.withLock { $0.log.filter { $0 == name }.count } }

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
    }

    /// A private chat never becomes another one, and no pair of ids may lead in a circle.
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
        #expect(ids.current(of: -10) == -10 && ids.current(of: -11) == -1_000_011 && ids.current(of: -last) != -last)
    }

    @Test func `A migration: known at once, stored, and known to another host from its start`() async throws {
        let first = directory()
        first.told(pair(-5, Self.hall))
        #expect(first.current.current(of: -5) == Self.hall)
        #expect(await first.store(pair(-5, Self.hall)))
        let second = directory()
        #expect(second.current.first(of: Self.hall) == Self.hall)
        #expect(await second.loadAll())
        #expect(second.current.first(of: Self.hall) == -5 && !second.mustLookUp(Self.hall))
    }

    /// The tiers of a new host may answer after the gateway's start.
    @Test func `A migration that the state-service learned later: found by a look-up`() async throws {
        let second = directory()
        #expect(await second.loadAll())
        #expect(await directory().store(pair(-5, Self.hall)))
        #expect(second.mustLookUp(Self.hall))
        #expect(await second.lookUp(Self.hall) == pair(-5, Self.hall))
        #expect(second.current.first(of: Self.hall) == -5 && !second.mustLookUp(Self.hall))
    }

    @Test func `A supergroup that was no group: asked about once`() async throws {
        let directory = directory()
        #expect(directory.mustLookUp(Self.hall))
        #expect(await directory.lookUp(Self.hall) == nil)
        #expect(!directory.mustLookUp(Self.hall))
        // A private chat and a group are none.
        for chat in [7, -5, -1_000_000_000_000] as [Int64] { #expect(!directory.mustLookUp(chat)) }
        directory.told(pair(-5, Self.hall))
        #expect(directory.current.first(of: Self.hall) == -5)
    }

    @Test(arguments: [(1, 1), (149, 1), (151, 0)])
    func `What is kept for less than 150 days: written again`(_ days: Int64, _ writes: Int) async throws {
        _ = await directory().store(pair(-5, Self.hall))
        let saves = calls("state.save")
        services.content.withLock { $0.expiresIn = Self.now.milliseconds + days * 86_400_000 }
        let later = directory()
        #expect(await later.loadAll())
        for _ in 1...2 { await later.renew() }
        #expect(calls("state.save") == saves + writes)
    }

    /// The process that stored it was killed before the questions were repeated.
    @Test(arguments: [false, true]) func `A stored migration: news for the next process, unless it was followed`(
        _ isFollowed: Bool
    ) async throws {
        let first = directory()
        #expect(await first.store(pair(-5, Self.hall)))
        if isFollowed { await first.followed(pair(-5, Self.hall)) }
        // A repeated service message does not undo it.
        #expect(await first.store(pair(-5, Self.hall)))
        let second = directory()
        #expect(await second.loadAll())
        second.told(pair(-6, Self.hall - 1)) {}
        var groups: [Int64] = []
        for await news in second.news {
            groups.append(news.pair.group)
            if news.pair.group == -6 { break }
        }
        #expect(groups == (isFollowed ? [-6] : [-5, -6]))
    }

    /// Its update must not be confirmed before.
    @Test func `A migration that only memory has: stored again until a durable tier has it`() async throws {
        services.content.withLock { $0.isStateDurable = false }
        let directory = directory()
        let isStored = Mutex(false)
        let task = Task {
            _ = await directory.store(pair(-5, Self.hall))
            isStored.withLock { $0 = true }
        }
        try await eventually("it is tried again") { calls("state.save") >= 2 }
        #expect(!isStored.withLock { $0 })
        services.content.withLock { $0.isStateDurable = true }
        await task.value
        #expect(isStored.withLock { $0 })
    }

    /// A service message's update waits for what follows; a refusal of what is known is no news.
    @Test func `News: of each service message, and of a refusal if it is new`() async throws {
        let directory = directory()
        directory.told(pair(-5, Self.hall))
        directory.told(pair(-5, Self.hall))
        directory.told(pair(-5, Self.hall)) {}
        directory.told(pair(-6, Self.hall - 1)) {}
        var found: [Bool] = []
        for await news in directory.news {
            found.append(news.ended != nil)
            if news.pair.group == -6 { break }
        }
        #expect(found == [false, true, true])
    }
}
