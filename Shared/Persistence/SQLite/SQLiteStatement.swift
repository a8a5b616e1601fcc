import CSQLite
import Contracts

/// A value to bind to a statement.
enum SQLiteValue {
    case null
    case integer(Int64)
    case text(String)

    init(_ text: String?) { self = text.map(SQLiteValue.text) ?? .null }
    init(_ integer: Int64?) { self = integer.map(SQLiteValue.integer) ?? .null }
    init(_ moment: Timestamp) { self = .text(moment.databaseText) }
    init(_ flag: Bool) { self = .integer(flag ? 1 : 0) }
}

/// A prepared statement. Belongs to its connection's thread.
final class SQLiteStatement {
    private let connection: OpaquePointer
    private let handle: OpaquePointer
    private let sql: String

    init(_ connection: OpaquePointer, _ sql: String) throws(SQLiteError) {
        var handle: OpaquePointer?
        let code = sqlite3_prepare_v3(connection, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &handle, nil)
        guard code == SQLITE_OK, let handle else {
            throw SQLiteError(
                code: code, message: String(cString: sqlite3_errmsg(connection)), operation: "prepare \(sql.sqlVerb)")
        }
        self.connection = connection
        self.handle = handle
        self.sql = sql
    }

    deinit { sqlite3_finalize(handle) }

    func bind(_ values: [SQLiteValue]) throws(SQLiteError) {
        for (index, value) in values.enumerated() {
            let position = Int32(index + 1)
            let code: Int32
            switch value {
            case .null: code = sqlite3_bind_null(handle, position)
            case .integer(let integer): code = sqlite3_bind_int64(handle, position, integer)
            case .text(let text) where text.isEmpty:
                // SQLite would bind a null pointer as NULL.
                code = sqlite3_bind_text(handle, position, "", 0, rivet_sqlite_transient())
            case .text(var text):
                code = text.withUTF8 { bytes in
                    bytes.withMemoryRebound(to: CChar.self) { characters in
                        sqlite3_bind_text(
                            handle, position, characters.baseAddress, Int32(characters.count), rivet_sqlite_transient())
                    }
                }
            }
            guard code == SQLITE_OK else { throw failure(code) }
        }
    }

    /// Steps to the next row.
    /// - Returns: false when there is none.
    func step() throws(SQLiteError) -> Bool {
        let code = sqlite3_step(handle)
        switch code {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        default:
            let failure = failure(code)
            reset()
            throw failure
        }
    }

    func reset() {
        sqlite3_reset(handle)
        sqlite3_clear_bindings(handle)
    }

    var columnCount: Int32 { sqlite3_column_count(handle) }

    func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(handle, column) }

    func optionalInteger(_ column: Int32) -> Int64? {
        sqlite3_column_type(handle, column) == SQLITE_NULL ? nil : integer(column)
    }

    /// The column's text; nil for NULL. Invalid UTF-8 is replaced by U+FFFD.
    func text(_ column: Int32) -> String? {
        guard let bytes = sqlite3_column_text(handle, column) else { return nil }
        let count = Int(sqlite3_column_bytes(handle, column))
        return String(decoding: UnsafeBufferPointer(start: bytes, count: count), as: UTF8.self)
    }

    /// The number of bytes in the row's text columns.
    var textBytes: Int {
        (0..<columnCount).reduce(0) { sum, column in
            sqlite3_column_type(handle, column) == SQLITE_TEXT ? sum + Int(sqlite3_column_bytes(handle, column)) : sum
        }
    }

    private func failure(_ code: Int32) -> SQLiteError {
        SQLiteError(code: code, message: String(cString: sqlite3_errmsg(connection)), operation: sql.sqlVerb)
    }
}
