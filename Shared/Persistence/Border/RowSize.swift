import Contracts

/// How large a row of another program may be. A larger one fits into no frame of our sockets, so no call could show it.
/// Each record that comes through the sockets is far smaller.
enum RowSize {
    /// Of a record as JSON. A frame of 1 MiB has room for what is around it.
    static let bytesMax = 1_000_000
    /// A row of so many bytes fits, whatever of it must be escaped: one byte becomes six at most.
    private static let bytesSafe = bytesMax / 6

    /// - Parameters:
    ///   - bytes: of all columns of the row.
    ///   - record: what the row says.
    static func isTooLarge(_ bytes: Int, _ record: @autoclosure () -> some TieredRecord) -> Bool {
        if bytes > bytesMax { return true }
        return bytes > bytesSafe && record().journalValue.text.utf8.count > bytesMax
    }

    /// What is kept of a row that stays in its tier: its size, and the beginning of each column.
    static func beginning(of columns: [String?], bytes: Int) -> String {
        let beginnings = columns.map { column in column.map { String($0.prefix(80)) } ?? "NULL" }
        return "too large, \(bytes) bytes: \(beginnings.joined(separator: " | "))"
    }
}
