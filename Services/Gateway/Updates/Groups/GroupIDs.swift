import TelegramBotAPI

/// The two ids of each group that became a supergroup. Rivet knows a group by its first id for good: lanes, entries and
/// the ids of machines stay what they were.
struct GroupIDs: Sendable, Equatable {
    struct Pair: Sendable, Equatable {
        var group: Int64
        var supergroup: Int64
    }

    /// The most groups that are remembered; the oldest are forgotten first.
    static let groupsMax = 10_000

    private var supergroups: [Int64: Int64] = [:]
    private var groups: [Int64: Int64] = [:]
    /// Oldest first.
    private(set) var pairs: [Pair] = []

    /// The id by which Rivet knows the chat.
    func first(of chatID: Int64) -> Int64 { groups[chatID] ?? chatID }

    /// The id under which Telegram has the chat now.
    func current(of chatID: Int64) -> Int64 { supergroups[chatID] ?? chatID }

    /// Records that `group` became `supergroup`. A group becomes a supergroup once, and a supergroup never becomes
    /// another one.
    ///
    /// - Returns: false if that was known, or cannot be.
    @discardableResult
    mutating func migrated(_ group: Int64, to supergroup: Int64) -> Bool {
        guard group < 0, supergroup < 0, group != supergroup else { return false }
        guard supergroups[group] == nil, groups[supergroup] == nil, groups[group] == nil, supergroups[supergroup] == nil
        else { return false }
        supergroups[group] = supergroup
        groups[supergroup] = group
        pairs.append(Pair(group: group, supergroup: supergroup))
        if pairs.count > Self.groupsMax {
            let oldest = pairs.removeFirst()
            supergroups[oldest.group] = nil
            groups[oldest.supergroup] = nil
        }
        return true
    }
}

extension Message {
    /// The two ids, if this is one of the service messages about a group that became a supergroup. Either may come
    /// first, or alone.
    var migration: GroupIDs.Pair? {
        guard contentKind == .migration else { return nil }
        let pair =
            migrateToChatID.map { GroupIDs.Pair(group: chat.id, supergroup: $0) }
            ?? migrateFromChatID.map { GroupIDs.Pair(group: $0, supergroup: chat.id) }
        return pair.flatMap { $0.group < 0 && $0.supergroup < 0 && $0.group != $0.supergroup ? $0 : nil }
    }
}
