extension Int64 {
    /// This many units of the last of `places` decimal places, exactly and without needless zeros: 50 with three places is
    /// `0.05`, 2,500 is `2.5`, 1,000 is `1`.
    package func fixedPoint(places: Int) -> String {
        var digits = String(magnitude)
        digits = String(repeating: "0", count: Swift.max(0, places + 1 - digits.count)) + digits
        let whole = digits.dropLast(places)
        var fraction = digits.suffix(places)
        while fraction.last == "0" { fraction.removeLast() }
        return (self < 0 ? "-" : "") + whole + (fraction.isEmpty ? "" : "." + fraction)
    }
}
