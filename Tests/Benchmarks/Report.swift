import Glibc

/// Prints what was measured, and whether it is within its bound.
struct Report {
    /// By what factor a bound may be missed before the run as a whole is bad. What is printed does not depend on it.
    var allowance: Double
    private(set) var isGood = true

    init(allowance: Double) { self.allowance = allowance }

    func note(_ line: String) { print("        \(line)") }

    mutating func check(_ name: String, _ value: Double, digits: Int = 2, atMost bound: Double, _ unit: String = "") {
        add(name, value, digits, "at most", bound, unit, missedBy: value / bound)
    }

    mutating func check(_ name: String, _ value: Double, digits: Int = 2, atLeast bound: Double, _ unit: String = "") {
        add(name, value, digits, "at least", bound, unit, missedBy: bound / value)
    }

    private mutating func add(
        _ name: String, _ value: Double, _ digits: Int, _ relation: String, _ bound: Double, _ unit: String,
        missedBy factor: Double
    ) {
        let mark = factor <= 1 ? "met   " : "MISSED"
        print("\(mark)  \(name): \(value.text(digits))\(unit) (\(relation) \(bound.text(bound < 2 ? 2 : 1))\(unit))")
        // Also into a pipe: the parts take minutes.
        fflush(nil)
        if factor > allowance { isGood = false }
    }
}
