/// How much a counter grew within the last minute, from what it said now and then. No clock.
struct MinuteCount {
    static let window = Duration.seconds(60)

    private var samples: [(moment: ContinuousClock.Instant, count: Int64)] = []

    /// - Parameter count: what the counter says at `moment`.
    /// - Returns: by how much that is more than a minute before, or than at the first sample.
    mutating func growth(to count: Int64, at moment: ContinuousClock.Instant) -> Int64 {
        samples.append((moment, count))
        // One that is older than the window stays, to count from.
        while samples.count > 1, samples[1].moment <= moment - Self.window { samples.removeFirst() }
        return max(0, count - (samples.first?.count ?? count))
    }
}
