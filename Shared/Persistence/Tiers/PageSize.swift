/// The number of rows that are requested from a tier at a time. No I/O, no clock.
///
/// If a tier refuses a page, or does not respond, one row may be the cause. Then half as many rows are requested, down
/// to a single row.
struct PageSize {
    private let full: Int
    /// The size of the next page.
    private(set) var limit: Int
    /// The number of rows that include the refused one; nil while no row is known to be refused.
    private var suspects: Int?

    init(full: Int) {
        self.full = max(1, full)
        limit = self.full
    }

    var isOneRow: Bool { limit == 1 }

    /// The page was refused, or timed out.
    mutating func refused() {
        suspects = limit
        limit = max(1, limit / 2)
    }

    /// The page was received. If a row is still refused, it comes after this page.
    mutating func received() {
        guard let left = suspects.map({ $0 - limit }), left > 0 else { return reset() }
        suspects = left
        limit = max(1, left / 2)
    }

    /// The refused row was skipped, or the walk starts from the beginning.
    mutating func reset() { self = PageSize(full: full) }
}
