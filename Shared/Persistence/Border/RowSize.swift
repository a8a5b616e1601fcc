import Contracts

/// The maximum size of another program's row. A larger one fits into no frame of our sockets, so no call could return
/// it. Records that come through the sockets are far smaller.
enum RowSize {
    /// The most bytes of a record as JSON. A frame of 1 MiB leaves room for the rest of the response.
    static let bytesMax = 1_000_000
    /// A row up to this size always fits: escaping turns one byte into six at most.
    private static let bytesSafe = bytesMax / 6

    /// - Parameters:
    ///   - bytes: the size of all columns of the row.
    ///   - record: the row as a record.
    static func isTooLarge(_ bytes: Int, _ record: @autoclosure () -> some TieredRecord) -> Bool {
        if bytes > bytesMax { return true }
        return bytes > bytesSafe && record().journalValue.text.utf8.count > bytesMax
    }

    /// The text that is quarantined for a row that stays in its tier: its size, and the beginning of each column.
    static func beginning(of columns: [String?], bytes: Int) -> String {
        let beginnings = columns.map { column in column.map { String($0.prefix(80)) } ?? "NULL" }
        return "too large, \(bytes) bytes: \(beginnings.joined(separator: " | "))"
    }
}
