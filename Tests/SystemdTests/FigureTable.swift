import Synchronization

/// The measured figures, printed as one table at the end.
final class FigureTable: Sendable {
    private let rows = Mutex<[(what: String, measured: String, bound: String)]>([])

    func add(_ what: String, _ measured: String, bound: String) {
        rows.withLock { $0.append((what, measured, bound)) }
    }

    func print(_ title: String) {
        let all = rows.withLock { $0 }
        let columns = [("what", "measured", "bound")] + all.map { ($0.what, $0.measured, $0.bound) }
        let widths = (columns.map(\.0.count).max() ?? 0, columns.map(\.1.count).max() ?? 0)
        Swift.print("\n\(title):")
        for row in columns {
            Swift.print("  \(padded(row.0, widths.0))  \(padded(row.1, widths.1))  \(row.2)")
        }
    }

    private func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }
}

extension Duration {
    /// The duration in seconds with two decimals.
    var inSeconds: String {
        let hundredths = Int((self / .milliseconds(10)).rounded())
        return "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100) s"
    }
}
