/// An item in the queue, and what is known of its sending.
struct SendEntry<Lane: Hashable & Sendable, Content: SendContent>: Sendable {
    var item: SendItem<Lane, Content>
    var form: SendForm
    /// By which items of a lane, and else equal ones, are ordered.
    var order: Int
    var handedAt: Duration
    /// Who is to be told of its resolution; empty afterwards.
    var tokens: [Int]
    /// Ended tries whose outcome is unknown, or may have been: an earlier process's too.
    var tries = 0
    /// Not before.
    var retryAt: Duration = .zero
    /// Since when it is being tried; nil while it waits.
    var begunAt: Duration?
    /// What the row says of its tries; nil while no row is known to have it.
    var storedTries: Int?
    /// What the row says that is being written.
    var writingTries: Int?
    var isStoreWanted = false
    /// The next try is about to be begun, as soon as the row says so.
    var isMarkWanted = false

    var isInFlight: Bool { begunAt != nil }
    var isInRow: Bool { storedTries != nil || writingTries != nil }

    /// Whether a crash at any moment would leave its tries counted.
    var mayBegin: Bool {
        guard writingTries == nil else { return false }
        guard let storedTries else { return true }
        return storedTries > tries || plantedBug(.notMarked)
    }

    /// What a row that is written now has to say.
    func rowTries(isStopping: Bool) -> Int {
        tries + (isInFlight || (isMarkWanted && !isStopping) ? 1 : 0)
    }
}
