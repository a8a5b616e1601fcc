import Synchronization

/// Counts durations in fixed buckets, since it was created. May be used from any thread; `record` does not allocate.
public final class LatencyHistogram: Sendable {
    /// Upper bounds of the buckets: 50 µs, 100 µs, 250 µs and so on to 30 s.
    public static let boundsMicroseconds: [Int64] = [
        50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000,
        5_000_000, 10_000_000, 30_000_000,
    ]

    private static let boundsNanoseconds = boundsMicroseconds.map { $0 * 1_000 }

    private struct State {
        var counts = [Int64](repeating: 0, count: LatencyHistogram.boundsMicroseconds.count + 1)
        /// The sum, clamped to the greatest number, which it would reach after 292 years.
        var sumNanoseconds: Int64 = 0
    }

    private let bounds = LatencyHistogram.boundsNanoseconds
    private let state = Mutex(State())

    public init() {}

    /// Counts one duration. A negative one, which occurs when a clock is set back, counts as zero.
    public func record(nanoseconds: Int64) {
        let duration = max(0, nanoseconds)
        var bucket = 0
        while bucket < bounds.count, duration > bounds[bucket] { bucket += 1 }
        state.withLock { state in
            state.counts[bucket] &+= 1
            let (sum, isTooLarge) = state.sumNanoseconds.addingReportingOverflow(duration)
            state.sumNanoseconds = isTooLarge ? .max : sum
        }
    }

    public func record(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        let (nanoseconds, isTooLong) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        record(nanoseconds: isTooLong ? .max : max(nanoseconds, nanoseconds &+ attoseconds / 1_000_000_000))
    }

    /// A snapshot of all counts.
    /// - Returns: nil only when a count exceeds `Int64`.
    public var counted: DurationHistogram? {
        let (counts, sum) = state.withLock { ($0.counts, $0.sumNanoseconds) }
        return DurationHistogram(
            boundsMicroseconds: Self.boundsMicroseconds, counts: counts, sumMicroseconds: sum / 1_000)
    }
}
