extension Int64 {
    /// A number given in units of its last decimal place, exact and without trailing zeros: with three places, 50 is
    /// `0.05`, 2,500 is `2.5` and 1,000 is `1`.
    package func fixedPoint(places: Int) -> String {
        var digits = String(magnitude)
        digits = String(repeating: "0", count: Swift.max(0, places + 1 - digits.count)) + digits
        let whole = digits.dropLast(places)
        var fraction = digits.suffix(places)
        while fraction.last == "0" { fraction.removeLast() }
        return (self < 0 ? "-" : "") + whole + (fraction.isEmpty ? "" : "." + fraction)
    }
}
