extension [UInt8] {
    /// Appends `value` in decimal digits, with leading zeros up to `width`.
    @inlinable
    package mutating func appendDecimal(_ value: Int64, width: Int = 1) {
        if value < 0 { append(UInt8(ascii: "-")) }
        var rest = value.magnitude
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { digits in
            var start = 20
            repeat {
                start -= 1
                digits[start] = UInt8(ascii: "0") + UInt8(rest % 10)
                rest /= 10
            } while rest > 0
            for _ in 0..<Swift.max(0, width - (20 - start)) { append(UInt8(ascii: "0")) }
            append(contentsOf: digits[start...])
        }
    }
}
