import Contracts
import Testing

@Suite struct DurationHistogramTests {
    private func health(_ histograms: JSONValue?) throws -> ServiceHealth.Output {
        var members: [String: JSONValue] = [
            "service": "rivet-state", "version": "0.1.0", "started_at": "2026-11-23T13:26:37.690Z", "status": "ok",
            "tiers": [], "counters": [:],
        ]
        members["histograms"] = histograms
        return try ServiceHealth.Output(Parameters(members))
    }

    @Test func `A health result without histograms, from an earlier version: read as empty`() throws {
        #expect(try health(nil).histograms.isEmpty)
        #expect(try health(nil).json["histograms"] == [:])
    }

    @Test func `A histogram that makes no sense: left out, and the others stay`() throws {
        let good: JSONValue = ["bounds_ms": [0, 1], "counts": [1, 2, 3], "sum_ms": 4, "count": 6]
        let right: JSONValue = ["bounds_ms": [.decimal("0.5"), 1], "counts": [1, 2, 3], "sum_ms": 4]
        let wrong: [JSONValue] = [
            good, "text", [:], ["bounds_ms": [1, 2], "counts": [1, 2], "sum_ms": 4],
            ["bounds_ms": [2, 1], "counts": [1, 2, 3], "sum_ms": 4],
            ["bounds_ms": [1], "counts": [1, -1], "sum_ms": 4], ["bounds_ms": [1], "counts": [1, 1], "sum_ms": -4],
            ["bounds_ms": ["1"], "counts": [1, 1], "sum_ms": 4],
            ["bounds_ms": [1], "counts": [1, .decimal("1.5")], "sum_ms": 4],
            ["bounds_ms": [.integer(.max)], "counts": [1, 1], "sum_ms": 4],
            ["bounds_ms": [1], "counts": [1, 1], "sum_ms": .decimal("1e300")],
        ]
        for value in wrong { #expect(try health(["a": value, "b": right]).histograms.keys.map { $0 } == ["b"]) }
        let read = try #require(try health(["b": right]).histograms["b"])
        #expect(read.boundsMicroseconds == [500, 1_000] && read.counts == [1, 2, 3] && read.sumMicroseconds == 4_000)
    }

    @Test func `The count of a histogram: the sum of its buckets, and never more than fits`() throws {
        let all = try #require(
            DurationHistogram(boundsMicroseconds: [1], counts: [.max, 1], sumMicroseconds: .max))
        #expect(all.count == .max)
        #expect(DurationHistogram(boundsMicroseconds: [], counts: [3], sumMicroseconds: 9)?.count == 3)
    }
}
