/// Which updates were received, which of them are settled, and the offset that confirms no other.
///
/// Telegram confirms by offset: all that its queue holds before it. So the offset is the last id of the longest run of settled updates, in
/// the order received, plus one. Ids may jump down after a quiet week; they are compared for equality alone.
public struct UpdateLedger: Sendable {
    /// How many confirmed ids are remembered, for updates that are delivered again because a confirmation was lost.
    public static let settledRememberedMax = 10_000

    private struct Entry {
        let id: Int64
        var isSettled: Bool
    }

    /// Received and not confirmed, in the order of the server's queue; the first is unsettled.
    private var waiting: [Entry] = []
    /// The ids of those: what ``received(_:)`` will not answer as new.
    public private(set) var waitingIDs: Set<Int64> = []
    /// Settled and past the prefix.
    private var remembered: RecentIDs

    /// What to ask for next; nil before anything was settled.
    public private(set) var offset: Int64?
    public private(set) var unsettledCount = 0

    public init(settledRememberedMax: Int = settledRememberedMax) {
        remembered = RecentIDs(countMax: settledRememberedMax)
    }

    /// One answer of `getUpdates` came, with these ids in this order. Answers those to be handled: not the ones under way, and not
    /// the ones settled before, past which the offset moves again.
    public mutating func received(_ ids: [Int64]) -> [Int64] {
        var new: [Int64] = []
        var settledBefore: [Int64] = []
        for id in ids {
            if waitingIDs.contains(id) {
                // What the server has in front of one under way belongs in front of it, or the offset would go back behind it.
                if !settledBefore.isEmpty, let index = waiting.firstIndex(where: { $0.id == id }) {
                    insertSettled(settledBefore, at: index)
                    settledBefore = []
                }
            } else if remembered.contains(id) {
                if !settledBefore.contains(id) { settledBefore.append(id) }
            } else {
                insertSettled(settledBefore, at: waiting.count)
                settledBefore = []
                waiting.append(Entry(id: id, isSettled: false))
                waitingIDs.insert(id)
                unsettledCount += 1
                new.append(id)
            }
        }
        insertSettled(settledBefore, at: waiting.count)
        advance()
        return new
    }

    /// The effect of the update is durable, or it has none. Answers whether the offset moved. An id that is not under way changes
    /// nothing.
    @discardableResult
    public mutating func settled(_ id: Int64) -> Bool {
        guard waitingIDs.contains(id), let index = waiting.firstIndex(where: { $0.id == id }),
            !waiting[index].isSettled
        else { return false }
        waiting[index].isSettled = true
        unsettledCount -= 1
        return advance()
    }

    private mutating func insertSettled(_ ids: [Int64], at index: Int) {
        guard !ids.isEmpty else { return }
        waiting.insert(contentsOf: ids.map { Entry(id: $0, isSettled: true) }, at: index)
        waitingIDs.formUnion(ids)
    }

    @discardableResult
    private mutating func advance() -> Bool {
        let prefix = waiting.prefix { $0.isSettled }
        guard let last = prefix.last else { return false }
        for entry in prefix {
            waitingIDs.remove(entry.id)
            remembered.remember(entry.id)
        }
        waiting.removeFirst(prefix.count)
        offset = last.id == .max ? .max : last.id + 1
        return true
    }
}
