public import Contracts
import FoundationEssentials
import Glibc

/// A broken database that was moved aside, and what its name says: `state.db.broken-20261127180301123-salvaged-12` was
/// moved aside at that time, with 12 rows that could be read.
public struct BrokenFile: Sendable, Equatable {
    private static let mark = ".broken-"
    private static let salvagedMark = "-salvaged-"

    /// Without the directory.
    public var name: String
    /// The time when it was moved aside; nil if the name does not say.
    public var at: Timestamp?
    /// The number of its rows that could be read; nil if the name does not say.
    public var salvaged: Int64?

    /// The suffix of the name after `rows` rows could be read.
    static func suffix(_ rows: Int64) -> String { salvagedMark + String(rows) }

    /// Nil if the name is not that of a broken file of the database `databaseName`.
    public init?(name: String, of databaseName: String) {
        let beginning = databaseName + Self.mark
        guard name.hasPrefix(beginning), !["-wal", "-shm", "-journal"].contains(where: name.hasSuffix) else {
            return nil
        }
        self.name = name
        let rest = name.dropFirst(beginning.count)
        let digits = rest.prefix { $0.isASCII && $0.isNumber }
        at = Self.moment(digits)
        let tail = rest.dropFirst(digits.count)
        guard tail.hasPrefix(Self.salvagedMark) else { return }
        // A "+" is appended to a name that was taken.
        salvaged = Int64(tail.dropFirst(Self.salvagedMark.count).prefix { $0.isASCII && $0.isNumber })
    }

    /// `20261127180301123`
    private static func moment(_ digits: Substring) -> Timestamp? {
        guard digits.count == 17 else { return nil }
        var parts: [Substring] = []
        var rest = digits
        for length in [4, 2, 2, 2, 2, 2, 3] {
            parts.append(rest.prefix(length))
            rest = rest.dropFirst(length)
        }
        return Timestamp(
            parsing: "\(parts[0])-\(parts[1])-\(parts[2])T\(parts[3]):\(parts[4]):\(parts[5]).\(parts[6])Z")
    }

    /// The broken files beside the database at `path`, the oldest first.
    public static func beside(_ path: String) throws(SQLiteError) -> [BrokenFile] {
        let url = URL(filePath: path)
        let directory = url.deletingLastPathComponent().path(percentEncoded: false)
        let names: [String]
        do { names = try FileManager.default.contentsOfDirectory(atPath: directory) } catch {
            let cause = (error as? CocoaError)?.underlying as? POSIXError
            throw .cannotOpen(directory, cause?.code.rawValue ?? EIO)
        }
        return names.sorted().compactMap { BrokenFile(name: $0, of: url.lastPathComponent) }
    }
}
