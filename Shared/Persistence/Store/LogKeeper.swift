/// When the write-ahead log is moved into the file. No I/O, no clock.
///
/// Moving takes as long as the log has different pages, and the store's thread does nothing else meanwhile. So it is done in
/// pieces: a disk that is quick, or a log that has the same pages again and again, allows large ones, which cost less.
struct LogKeeper {
    static let pages = 250...4_000
    /// A log that a reader holds is tried so often.
    static let retryDelay = Duration.seconds(1)

    /// How many pages are moved at a time.
    private(set) var piece = PieceSize(500, in: pages)
    /// Since when a reader of another program has kept the log from being moved.
    private(set) var heldSince: ContinuousClock.Instant?
    /// When it is tried again.
    private(set) var retryAt: ContinuousClock.Instant?

    func isDue(logPages: Int, at now: ContinuousClock.Instant) -> Bool {
        if let retryAt { return retryAt <= now }
        return logPages >= piece.count
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

    /// The disk did not take it.
    mutating func failed(at now: ContinuousClock.Instant) { (heldSince, retryAt) = (nil, now + Self.retryDelay) }

    /// There is another file, or none.
    mutating func fileChanged() { self = LogKeeper() }
}
