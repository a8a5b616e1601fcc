/// How much a counter grew within the last minute, from samples of its value. No clock.
struct MinuteCount {
    static let window = Duration.seconds(60)

    private var samples: [(moment: ContinuousClock.Instant, count: Int64)] = []

    /// Adds a sample.
    ///
    /// - Parameter count: the counter's value at `moment`.
    /// - Returns: its growth since a minute before, or since the first sample if that is later.
    mutating func growth(to count: Int64, at moment: ContinuousClock.Instant) -> Int64 {
        samples.append((moment, count))
        // Keep one sample that is older than the window as the base.
        while samples.count > 1, samples[1].moment <= moment - Self.window { samples.removeFirst() }
        return max(0, count - (samples.first?.count ?? count))
    }
}
