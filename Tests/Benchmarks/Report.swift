/// Prints what was measured, and whether it is within its bound.
struct Report {
    private(set) var isMet = true

    func note(_ line: String) { print("        \(line)") }

    mutating func check(_ name: String, _ value: Double, digits: Int = 2, atMost bound: Double, _ unit: String = "") {
        add(name, value, digits, "at most", bound, unit, isMet: value <= bound)
    }

    mutating func check(_ name: String, _ value: Double, digits: Int = 2, atLeast bound: Double, _ unit: String = "") {
        add(name, value, digits, "at least", bound, unit, isMet: value >= bound)
    }

    private mutating func add(
        _ name: String, _ value: Double, _ digits: Int, _ relation: String, _ bound: Double, _ unit: String, isMet: Bool
    ) {
        print(
            "\(isMet ? "met   " : "MISSED")  \(name): \(value.text(digits))\(unit) (\(relation) \(bound.text(1))\(unit))"
        )
        if !isMet { self.isMet = false }
    }
}
