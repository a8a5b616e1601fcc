/// Rows under a header, in aligned columns without borders.
struct TextTable {
    enum Alignment { case left, right }

    private let alignments: [Alignment]
    private var rows: [[String]]

    private static let gap = "  "

    /// - Parameter columns: each column's header and the alignment of its cells.
    init(_ columns: [(header: String, alignment: Alignment)]) {
        alignments = columns.map(\.alignment)
        rows = [columns.map(\.header)]
    }

    var isEmpty: Bool { rows.count == 1 }

    /// Adds a row. Missing cells are empty; cells beyond the last column are dropped.
    mutating func add(_ cells: [String]) {
        let missing = max(0, alignments.count - cells.count)
        rows.append(Array(cells.prefix(alignments.count)) + Array(repeating: "", count: missing))
    }

    /// The lines of the table. No line ends in a space.
    var lines: [String] {
        let widths = alignments.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            let line = alignments.indices.map { column in
                let padding = String(repeating: " ", count: widths[column] - row[column].count)
                return alignments[column] == .left ? row[column] + padding : padding + row[column]
            }.joined(separator: Self.gap)
            return String(line.reversed().drop { $0 == " " }.reversed())
        }
    }
}

/// Names and values under each other, in two columns.
struct FieldList {
    private var fields: [(name: String, value: String)] = []

    mutating func add(_ name: String, _ value: String) { fields.append((name, value)) }

    /// Indented by two spaces, the values aligned.
    var lines: [String] {
        let width = fields.map(\.name.count).max() ?? 0
        return fields.map { name, value in
            "  \(name)\(String(repeating: " ", count: width - name.count))  \(value)"
        }
    }
}
