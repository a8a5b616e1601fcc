/// Decides when the write-ahead log is moved into the file. No I/O, no clock.
///
/// The time to move the log grows with the number of different pages in it, and the store's thread is blocked until
/// then. So the log is moved in pieces. A fast disk, or a log that contains the same pages repeatedly, allows large
/// pieces, which cost less.
struct LogKeeper {
    static let pages = 250...4_000
    /// A shorter log is not moved for want of room on the disk: each move costs an fsync of the file.
    static let crowdedMin = 50
    /// The wait before a log that a reader blocked is tried again.
    static let retryDelay = Duration.seconds(1)

    /// The number of pages that are moved at a time.
    private(set) var piece = PieceSize(500, in: pages)
    /// The time since which a reader of another program has kept the log from being moved.
    private(set) var heldSince: ContinuousClock.Instant?
    /// The time of the next attempt.
    private(set) var retryAt: ContinuousClock.Instant?

    /// - Parameter freePages: the pages that the disk still has room for. If these are less than twice those of the
    ///   log, the log is moved at once: it must not fill the disk, and the file may have to grow by what the log has.
    func isDue(logPages: Int, freePages: @autoclosure () -> Int = .max, at now: ContinuousClock.Instant) -> Bool {
        if let retryAt { return retryAt <= now }
        return logPages >= piece.count || logPages >= Self.crowdedMin && freePages() / 2 < logPages
    }

    /// All pages were moved.
    mutating func moved(_ count: Int, in time: Duration) {
        (heldSince, retryAt) = (nil, nil)
        piece.took(time, for: count)
    }

    mutating func wasHeld(at now: ContinuousClock.Instant) {
        heldSince = heldSince ?? now
        retryAt = now + Self.retryDelay
    }

    /// The disk failed.
    mutating func failed(at now: ContinuousClock.Instant) { (heldSince, retryAt) = (nil, now + Self.retryDelay) }

    /// There is a different file now, or none.
    mutating func fileChanged() { self = LogKeeper() }
}
