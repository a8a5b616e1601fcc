/// The amount of deferrable work in one pass of the store's thread, chosen so that the pass is short. No I/O, no clock.
struct PieceSize {
    /// A piece that took longer halves the next one; one that took less than a quarter of it doubles the next one.
    static let aim = Duration.milliseconds(10)

    let range: ClosedRange<Int>
    private(set) var count: Int

    init(_ count: Int, in range: ClosedRange<Int>) {
        self.range = range
        self.count = min(max(count, range.lowerBound), range.upperBound)
    }

    /// Records that a piece of size `done` took `time`.
    mutating func took(_ time: Duration, for done: Int) {
        if time > Self.aim {
            count = max(range.lowerBound, min(count, done) / 2)
        } else if time < Self.aim / 4, done >= count {
            count = min(range.upperBound, count * 2)
        }
    }
}
