/// An item in the queue, and the state of its sending.
struct SendEntry<Lane: Hashable & Sendable, Content: SendContent>: Sendable {
    var item: SendItem<Lane, Content>
    var form: SendForm
    /// Orders the items of a lane, and entries that have waited equally long.
    var order: Int
    var handedAt: Duration
    /// The hand-overs that wait for its resolution; empty once it is resolved.
    var tokens: [Int]
    /// Ended tries with an unknown outcome, including those that an earlier process may have made.
    var tries = 0
    /// The earliest time of the next try.
    var retryAt: Duration = .zero
    /// When the current try began; nil while the item waits.
    var begunAt: Duration?
    /// The tries that its stored row counts; nil while no row certainly has the item.
    var storedTries: Int?
    /// While a row with this item is being written: the tries that this row counts. Otherwise nil.
    var writingTries: Int?
    var isStoreWanted = false
    /// The next try begins as soon as the stored row counts it.
    var isMarkWanted = false

    var isInFlight: Bool { begunAt != nil }
    var isInRow: Bool { storedTries != nil || writingTries != nil }

    /// Whether a try may begin. If the process crashes at any moment from now on, the stored row must count this try,
    /// or not hold the item at all.
    var mayBegin: Bool {
        guard writingTries == nil else { return false }
        guard let storedTries else { return true }
        return storedTries > tries || plantedBug(.notMarked)
    }

    /// The tries that a row written now must count.
    func rowTries(isStopping: Bool) -> Int {
        tries + (isInFlight || (isMarkWanted && !isStopping) ? 1 : 0)
    }
}
