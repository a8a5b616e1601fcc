/// Which updates were received, which of them are settled, and the offset that confirms only settled ones.
///
/// An offset confirms all updates that come before it in Telegram's queue. So the ledger takes the settled updates at
/// the head of the order received; the offset is the id of the last of them, plus one. Ids may jump down after a quiet
/// week, so ids are only compared for equality.
public struct UpdateLedger: Sendable {
    /// How many confirmed ids are remembered, for updates that Telegram delivers again because a confirmation was lost.
    public static let settledRememberedMax = 10_000

    private struct Entry {
        let id: Int64
        var isSettled: Bool
    }

    /// Updates received and not confirmed, in the order of the server's queue. The first is unsettled.
    private var waiting: [Entry] = []
    /// The ids of `waiting`, which ``received(_:)`` does not return as new.
    public private(set) var waitingIDs: Set<Int64> = []
    /// The ids of updates that are settled and before the offset.
    private var remembered: RecentIDs

    /// The offset for the next poll; nil before an update was settled.
    public private(set) var offset: Int64?
    public private(set) var unsettledCount = 0

    public init(settledRememberedMax: Int = settledRememberedMax) {
        remembered = RecentIDs(countMax: settledRememberedMax)
    }

    /// Records a response of `getUpdates` with these ids in this order. Returns the ids to be handled: not those that
    /// are already being handled, and not those settled before; the offset moves past the latter again.
    public mutating func received(_ ids: [Int64]) -> [Int64] {
        var new: [Int64] = []
        var settledBefore: [Int64] = []
        for id in ids {
            if waitingIDs.contains(id) {
                // Settled updates that the server lists before a waiting one must go before it here too. Otherwise the
                // offset would later go back to them.
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

    /// Records that the update's effect is durable, or that it has none. Returns whether the offset moved. An id that
    /// is not waiting changes nothing.
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
