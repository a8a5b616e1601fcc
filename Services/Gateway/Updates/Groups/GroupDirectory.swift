import Contracts
import Logging
import Synchronization

/// Knows which group each supergroup was. The state-service keeps that, in a conversation of type `group` of each
/// supergroup, so that it is in every tier and another host finds it.
final class GroupDirectory<Calls: ServiceCalls>: Sendable {
    /// How long a supergroup counts as one that was no group, before the state-service is asked again.
    static var askedFor: Duration { .seconds(600) }
    /// What is known of a supergroup is written again when the state-service would keep it for less than this.
    static var renewedBefore: Duration { .seconds(150 * 86_400) }
    /// The most supergroups of which is remembered that they were no groups.
    static var askedMax: Int { 10_000 }
    /// Supergroups have lower ids. Telegram's library TDLib: `DialogId`, channels.
    private static var supergroupsBelow: Int64 { -1_000_000_000_000 }
    private static var step: String { "became" }
    /// The key of the group's id, and of whether the open questions were repeated in the supergroup.
    private static var groupKey: String { "group_id" }
    private static var followedKey: String { "followed" }

    /// A migration that Telegram told.
    struct News: Sendable {
        var pair: GroupIDs.Pair
        /// Called when everything that follows from it is done. Nil if no service message told it.
        var ended: (@Sendable () -> Void)?
    }

    private struct State {
        var ids = GroupIDs()
        /// Supergroups that are not known to have been groups, and until when.
        var asked: [Int64: ContinuousClock.Instant] = [:]
        /// What would soon be over, and whether it was followed.
        var due: [(pair: GroupIDs.Pair, isFollowed: Bool)] = []
    }

    private let calls: Calls
    private let logger: Logger
    private let now: @Sendable () -> Timestamp
    private let state = Mutex(State())
    /// In the order in which Telegram told them.
    let news: AsyncStream<News>
    private let newsEntry: AsyncStream<News>.Continuation

    init(calls: Calls, logger: Logger, now: @escaping @Sendable () -> Timestamp) {
        self.calls = calls
        self.logger = logger
        self.now = now
        (news, newsEntry) = AsyncStream.makeStream()
    }

    deinit { newsEntry.finish() }

    var current: GroupIDs { state.withLock { $0.ids } }

    /// Telegram told that a group became a supergroup: in a service message, whose update waits for `ended`, or by
    /// refusing a message. That is known at once; the rest follows from ``news``.
    func told(_ pair: GroupIDs.Pair, ended: (@Sendable () -> Void)? = nil) {
        let isNew = learned(pair)
        if isNew || ended != nil { newsEntry.yield(News(pair: pair, ended: ended)) }
    }

    private func learned(_ pair: GroupIDs.Pair) -> Bool {
        let isNew = state.withLock { $0.ids.migrated(pair.group, to: pair.supergroup) }
        if isNew {
            logger.notice(
                "a supergroup is known to have been a group",
                metadata: ["chat.id": "\(pair.supergroup)", "before": "\(pair.group)"])
        }
        return isNew
    }

    /// Stores the pair in a durable tier; tries until that is done.
    ///
    /// - Returns: false if the gateway is stopping.
    func store(_ pair: GroupIDs.Pair) async -> Bool {
        await retrying { () async throws(ServiceFailure) -> Bool? in
            let known = try await calls.call(StateLoad.self, .init(key: Self.key(of: pair.supergroup))).state
            if known?.data[Self.groupKey] == .integer(pair.group), known?.isDurable == true { return true }
            return try await save(pair, isFollowed: false).isDurable ? true : nil
        } ?? false
    }

    /// The open questions were repeated. If this cannot be stored, the next process repeats those that it must.
    func followed(_ pair: GroupIDs.Pair) async { _ = try? await save(pair, isFollowed: true) }

    /// Writes what would soon be over again. What cannot be written is due again after ``loadAll()``.
    func renew() async {
        let due = state.withLock { state in
            defer { state.due = [] }
            return state.due
        }
        for (pair, isFollowed) in due { _ = try? await save(pair, isFollowed: isFollowed) }
    }

    /// Learns all pairs that the state-service has; tries until it has responded.
    ///
    /// - Returns: false if the gateway is stopping.
    func loadAll() async -> Bool {
        await retrying { () async throws(ServiceFailure) -> Bool? in
            var cursor: String?
            repeat {
                let page = try await calls.call(StateList.self, .init(type: ConversationKey.group, cursor: cursor))
                for item in page.conversations {
                    if let chatID = Int64(item.key.chatID) { found(item.state, of: chatID) }
                }
                cursor = page.nextCursor
            } while cursor != nil
            return true
        } ?? false
    }

    /// Whether the chat may be a supergroup that was a group: the tiers may tell it after the start.
    func mustLookUp(_ chatID: Int64) -> Bool {
        guard chatID < Self.supergroupsBelow else { return false }
        return state.withLock { state in
            state.ids.first(of: chatID) == chatID && state.asked[chatID].map { $0 <= .now } ?? true
        }
    }

    /// Finds out whether the chat was a group; tries until the state-service has responded.
    ///
    /// - Returns: the pair if it was.
    func lookUp(_ chatID: Int64) async -> GroupIDs.Pair? {
        await retrying { () async throws(ServiceFailure) -> GroupIDs.Pair?? in
            let known = try await calls.call(StateLoad.self, .init(key: Self.key(of: chatID))).state
            if let known, let pair = found(known, of: chatID) { return pair }
            state.withLock { state in
                if state.asked.count >= Self.askedMax { state.asked = [:] }
                state.asked[chatID] = .now + Self.askedFor
            }
            return .some(nil)
        } ?? nil
    }

    /// - Returns: the pair that the state tells; nil if it tells none that can be.
    @discardableResult private func found(_ known: Conversation, of chatID: Int64) -> GroupIDs.Pair? {
        guard let group = known.data[Self.groupKey]?.integerValue else { return nil }
        let (pair, isFollowed) = (GroupIDs.Pair(group: group, supergroup: chatID), known.data[Self.followedKey] == true)
        // The process that stored it ended before the questions were repeated.
        if learned(pair), !isFollowed { newsEntry.yield(News(pair: pair)) }
        if known.expiresAt < now().advanced(by: Self.renewedBefore) {
            state.withLock { state in
                state.due.removeAll { $0.pair == pair }
                state.due.append((pair, isFollowed))
            }
        }
        return current.first(of: chatID) == group ? pair : nil
    }

    private static func key(of supergroup: Int64) -> ConversationKey {
        ConversationKey(userID: String(supergroup), chatID: String(supergroup), type: ConversationKey.group)
    }

    private func save(_ pair: GroupIDs.Pair, isFollowed: Bool) async throws(ServiceFailure) -> Placement {
        try await calls.call(
            StateSave.self,
            .init(
                key: Self.key(of: pair.supergroup), step: Self.step,
                data: [Self.groupKey: .integer(pair.group), Self.followedKey: .bool(isFollowed)])
        ).placement
    }

    /// The result of `body`, which is repeated while it is nil or a peer fails; nil if the gateway is stopping.
    private func retrying<Value>(_ body: () async throws(ServiceFailure) -> Value?) async -> Value? {
        var retry = Retry()
        while !Task.isCancelled {
            do throws(ServiceFailure) {
                if let value = try await body() { return value }
            } catch {
                if case .stopping = error { return nil }
                if case .refused(let error) = error {
                    logger.error(
                        "the state-service refuses what is known of a group; trying again",
                        metadata: ["error": "\(error)"])
                }
            }
            await retry.wait()
        }
        return nil
    }
}
