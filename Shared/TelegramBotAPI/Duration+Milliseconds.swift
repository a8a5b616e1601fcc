extension Duration {
    /// The duration in milliseconds, rounded down and clamped to the range of `Int`.
    var wholeMilliseconds: Int {
        let (seconds, attoseconds) = components
        guard abs(seconds) < Int64.max / 1_001 else { return seconds < 0 ? .min : .max }
        return Int(seconds) * 1_000 + Int(attoseconds / 1_000_000_000_000_000)
    }
}
