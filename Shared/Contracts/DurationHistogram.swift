/// A histogram of durations, as `service.health` shows it. The counts are not cumulative.
public struct DurationHistogram: Sendable, Equatable {
    /// The upper bounds of the buckets in microseconds, inclusive, in ascending order.
    public let boundsMicroseconds: [Int64]
    /// The counts of the buckets, one more than there are bounds: the last one counts durations above all bounds.
    public let counts: [Int64]
    /// The sum of all durations, in microseconds.
    public let sumMicroseconds: Int64

    public var count: Int64 { counts.reduce(0) { $0.addingSaturating($1) } }

    /// - Returns: nil unless the bounds are positive and ascending, there is one more count than bounds, and neither a
    ///   count nor the sum is negative.
    public init?(boundsMicroseconds: [Int64], counts: [Int64], sumMicroseconds: Int64) {
        guard counts.count == boundsMicroseconds.count + 1, counts.allSatisfy({ $0 >= 0 }), sumMicroseconds >= 0,
            boundsMicroseconds.first.map({ $0 > 0 }) ?? true,
            zip(boundsMicroseconds, boundsMicroseconds.dropFirst()).allSatisfy({ $0 < $1 })
        else { return nil }
        self.boundsMicroseconds = boundsMicroseconds
        self.counts = counts
        self.sumMicroseconds = sumMicroseconds
    }
}

extension DurationHistogram {
    /// `{bounds_ms, counts, sum_ms, count}`.
    var json: JSONValue {
        [
            "bounds_ms": .array(boundsMicroseconds.map(Self.milliseconds)),
            "counts": .array(counts.map(JSONValue.integer)),
            "sum_ms": Self.milliseconds(sumMicroseconds),
            "count": .integer(count),
        ]
    }

    /// - Returns: nil when the JSON is not a histogram.
    init?(json: JSONValue) {
        guard let bounds = json["bounds_ms"]?.arrayValue, let counts = json["counts"]?.arrayValue,
            let sum = json["sum_ms"].flatMap(Self.microseconds)
        else { return nil }
        let (readBounds, readCounts) = (bounds.compactMap(Self.microseconds), counts.compactMap(\.integerValue))
        guard readBounds.count == bounds.count, readCounts.count == counts.count else { return nil }
        self.init(boundsMicroseconds: readBounds, counts: readCounts, sumMicroseconds: sum)
    }

    private static func milliseconds(_ microseconds: Int64) -> JSONValue {
        microseconds % 1_000 == 0 ? .integer(microseconds / 1_000) : .decimal(microseconds.fixedPoint(places: 3))
    }

    /// - Returns: nil when the text is not a number or is out of range.
    private static func microseconds(_ milliseconds: JSONValue) -> Int64? {
        switch milliseconds {
        case .integer(let value):
            let (product, isTooLarge) = value.multipliedReportingOverflow(by: 1_000)
            return isTooLarge ? nil : product
        case .decimal(let spelling): return Double(spelling).flatMap { Int64(exactly: ($0 * 1_000).rounded()) }
        default: return nil
        }
    }
}

extension Int64 {
    /// The sum, clamped to the greatest number.
    fileprivate func addingSaturating(_ other: Int64) -> Int64 {
        let (sum, isTooLarge) = addingReportingOverflow(other)
        return isTooLarge ? .max : sum
    }
}
