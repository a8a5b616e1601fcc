import Glibc

/// Prints each figure, and whether it is within its bound.
struct Report {
    /// The factor by which a bound may be missed before the whole run fails. It does not change what is printed.
    var allowance: Double
    /// The smallest factor by which each bound was missed: one measurement within the bound shows that it can be met.
    private var missedBy: [String: Double] = [:]
    /// What was measured, in the order of the measurements.
    private(set) var figures: [Figure] = []

    init(allowance: Double) { self.allowance = allowance }

    /// The figures that were out of bounds in every attempt.
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
        // Flushed also into a pipe: the parts take minutes.
        fflush(nil)
        figures.append(.checked(name, measured: factor <= 1 ? measured : "\(measured): missed", bound: allowed))
        missedBy[name] = min(factor, missedBy[name] ?? factor)
    }
}
