import CSQLite
import Glibc

/// An error of SQLite. Contains no bound value.
public struct SQLiteError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The extended result code (https://www.sqlite.org/rescode.html).
    public var code: Int32
    public var message: String
    /// The operation that failed.
    public var operation: String

    public init(code: Int32, message: String, operation: String) {
        self.code = code
        self.message = message
        self.operation = operation
    }

    /// The file itself could not be opened; `errno` is the system's reason.
    static func cannotOpen(_ path: String, _ errno: Int32) -> SQLiteError {
        SQLiteError(code: SQLITE_CANTOPEN, message: String(cString: strerror(errno)), operation: "open \(path)")
    }

    public var description: String { "\(operation): \(message) (SQLite \(code))" }

    /// Another row has a value that only one row may have, by a rule that no SQLite index enforces.
    static func taken(_ what: String, operation: String) -> SQLiteError {
        SQLiteError(code: SQLITE_CONSTRAINT | 8 << 8, message: "\(what) is taken", operation: operation)
    }

    private var primaryCode: Int32 { code & 0xFF }

    /// Whether the content of the file is no database, or a broken one.
    public var isCorruption: Bool { primaryCode == SQLITE_CORRUPT || primaryCode == SQLITE_NOTADB }

    /// Whether another row has a value that only one row may have.
    public var isUniqueViolation: Bool {
        // SQLITE_CONSTRAINT_UNIQUE and SQLITE_CONSTRAINT_PRIMARYKEY.
        code == SQLITE_CONSTRAINT | 8 << 8 || code == SQLITE_CONSTRAINT | 6 << 8
    }

    /// Whether there is no room on the disk.
    public var isDiskFull: Bool { primaryCode == SQLITE_FULL }

    /// Whether the file could not be opened.
    public var isUnopened: Bool { primaryCode == SQLITE_CANTOPEN }

    /// Whether the disk or the file is at fault, so that the tier is unavailable. Otherwise the statement is (our bug).
    public var isTierTrouble: Bool {
        switch primaryCode {
        case SQLITE_FULL, SQLITE_IOERR, SQLITE_READONLY, SQLITE_CANTOPEN, SQLITE_CORRUPT, SQLITE_NOTADB, SQLITE_PERM,
            SQLITE_BUSY, SQLITE_LOCKED, SQLITE_NOMEM, SQLITE_PROTOCOL, SQLITE_NOLFS, SQLITE_AUTH:
            true
        default: false
        }
    }
}
