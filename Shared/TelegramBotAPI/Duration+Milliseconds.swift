extension Duration {
    /// Rounded down, and kept within what an `Int` holds.
    var wholeMilliseconds: Int {
        let (seconds, attoseconds) = components
        guard abs(seconds) < Int64.max / 1_001 else { return seconds < 0 ? .min : .max }
        return Int(seconds) * 1_000 + Int(attoseconds / 1_000_000_000_000_000)
    }
}
