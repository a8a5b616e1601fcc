import Glibc

/// Prints what was measured, and whether it is within its bound.
struct Report {
    /// By what factor a bound may be missed before the run as a whole is bad. What is printed does not depend on it.
    var allowance: Double
    /// By what factor each bound was missed when it was missed least: one measurement within shows that it can be met.
    private var missedBy: [String: Double] = [:]
    /// What was measured, in the order of the measurements.
    private(set) var figures: [Figure] = []

    init(allowance: Double) { self.allowance = allowance }

    /// What was out of bounds in every attempt.
    var missed: [String] { missedBy.filter { $0.value > allowance }.keys.sorted() }

    mutating func note(_ line: String) {
        print("        \(line)")
        figures.append(.note(line))
    }

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
        let measured = "\(value.text(digits))\(unit)"
        let allowed = "\(relation) \(bound.text(bound < 2 ? 2 : 1))\(unit)"
        print("\(mark)  \(name): \(measured) (\(allowed))")
        // Also into a pipe: the parts take minutes.
        fflush(nil)
        figures.append(.checked(name, measured: factor <= 1 ? measured : "\(measured): missed", bound: allowed))
        missedBy[name] = min(factor, missedBy[name] ?? factor)
    }
}
