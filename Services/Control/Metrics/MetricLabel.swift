/// A name and a value that distinguish a sample from the others of its family.
struct MetricLabel: Sendable, Hashable {
    /// Letters, digits and `_`.
    var name: String
    /// Any text.
    var value: String

    init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}
