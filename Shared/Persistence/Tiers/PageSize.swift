/// How many rows of a tier are asked for at a time. No I/O, no clock.
///
/// A tier that refuses a page, or does not answer it, may do so because of one row: then half as many are asked for, until
/// it is one row alone.
struct PageSize {
    private let full: Int
    /// The next page.
    private(set) var limit: Int
    /// Among so many rows is the one that is refused; nil while none is known to be.
    private var suspects: Int?

    init(full: Int) {
        self.full = max(1, full)
        limit = self.full
    }

    var isOneRow: Bool { limit == 1 }

    /// The page was refused, or not answered in time.
    mutating func refused() {
        suspects = limit
        limit = max(1, limit / 2)
    }

    /// The page was received: the row that is refused is behind it, if it still is.
    mutating func received() {
        guard let left = suspects.map({ $0 - limit }), left > 0 else { return reset() }
        suspects = left
        limit = max(1, left / 2)
    }

    /// The row that is refused was passed over, or the rows are walked from the beginning.
    mutating func reset() { self = PageSize(full: full) }
}
