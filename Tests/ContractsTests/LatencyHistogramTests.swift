import Contracts
import Synchronization
import Testing

@Suite struct LatencyHistogramTests {
    private static let bounds = LatencyHistogram.boundsMicroseconds

    @Test func `The bounds: from 50 µs to 30 s, ascending`() {
        #expect(Self.bounds.first == 50 && Self.bounds.last == 30_000_000)
        #expect(zip(Self.bounds, Self.bounds.dropFirst()).allSatisfy { $0 < $1 })
    }

    /// A bound belongs to the bucket that it closes, as Prometheus's label `le` (less or equal) means.
    @Test func `A duration: counted in the first bucket whose bound it does not pass`() throws {
        let histogram = LatencyHistogram()
        for bound in Self.bounds {
            histogram.record(nanoseconds: bound * 1_000)
            histogram.record(nanoseconds: bound * 1_000 + 1)
        }
        let counted = try #require(histogram.counted)
        #expect(counted.counts == [1] + Array(repeating: 2, count: Self.bounds.count - 1) + [1])
        #expect(counted.count == Int64(Self.bounds.count * 2))
        #expect(counted.sumMicroseconds == Self.bounds.reduce(0, +) * 2)
    }

    @Test func `A histogram that recorded nothing: every bucket is there and empty`() throws {
        let counted = try #require(LatencyHistogram().counted)
        #expect(counted.counts == Array(repeating: 0, count: Self.bounds.count + 1) && counted.sumMicroseconds == 0)
    }

    /// Such durations appear when the clock is set while a call runs.
    @Test func `Durations below zero and beyond all bounds: counted, and the sum does not overflow`() throws {
        let histogram = LatencyHistogram()
        for duration in [.min, -1, .max, .max] as [Int64] { histogram.record(nanoseconds: duration) }
        let counted = try #require(histogram.counted)
        #expect(counted.counts.first == 2 && counted.counts.last == 2)
        #expect(counted.sumMicroseconds == .max / 1_000)
    }

    @Test func `Many threads: all that they record is counted`() async throws {
        let histogram = LatencyHistogram()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask { @concurrent in for number in 0..<5_000 { histogram.record(nanoseconds: Int64(number)) }
                }
            }
        }
        let counted = try #require(histogram.counted)
        #expect(counted.count == 40_000 && counted.sumMicroseconds == 8 * 4_999 * 2_500 / 1_000)
    }
}
