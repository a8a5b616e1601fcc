import Contracts
import FoundationEssentials
import Glibc

/// A spill file, meant for a file system in memory: it outlives the process, but not the machine.
///
/// Each record is one line: the checksum of its text (FNV-1a, 64 bits, in hexadecimal), a space, the record as JSON. A
/// truncated or broken line is skipped. Only the store's thread uses it. The file exists only while it contains
/// records.
final class FileJournal<Record: TieredRecord>: MemoryJournal {
    /// Above this number of lines it is rewritten, if most of them are superseded.
    private static var linesBesideHeldMax: Int { 10_000 }

    let restored: [Record]
    private let path: String
    private var descriptor: Int32 = -1
    private var lines: Int
    private var linesAfterReplace = 0

    /// - Parameter progressed: called repeatedly while the file is read.
    init(path: String, progressed: () -> Void = {}) {
        self.path = path
        let records = Self.read(path, progressed)
        lines = records.count
        restored = Array(
            Dictionary(records.map { ($0.key, $0) }) { $0.revision >= $1.revision ? $0 : $1 }.values
        ).sorted { $0.revision < $1.revision }
        isFirst = access(path + ".begun", F_OK) != 0
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    var isEmpty: Bool { lines == 0 }
    private(set) var isFirst: Bool
    private var beginning: String { path + ".begun" }

    func begin() {
        guard isFirst else { return }
        let file = open(beginning, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        // If that fails, the next process waits for its tiers again.
        if file >= 0 { close(file) }
        isFirst = false
    }

    var isLong: Bool { lines > 2 * linesAfterReplace + Self.linesBesideHeldMax }

    func append(_ records: [Record]) throws {
        if descriptor < 0 {
            descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
            guard descriptor >= 0 else { throw failure() }
        }
        // Starts a new line first, in case the last one was truncated.
        try write(Self.text(records.reduce(into: lines > 0 ? [[]] : []) { $0.append(Self.line($1)) }), descriptor)
        lines += records.count
    }

    func replace(with records: [Record]) throws {
        if descriptor >= 0 { close(descriptor) }
        descriptor = -1
        guard !records.isEmpty else {
            guard unlink(path) == 0 || errno == ENOENT else { throw failure() }
            (lines, linesAfterReplace) = (0, 0)
            return
        }
        let fresh = path + ".new"
        let file = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw failure() }
        defer { close(file) }
        try write(Self.text(records.map(Self.line)), file)
        guard rename(fresh, path) == 0 else { throw failure() }
        (lines, linesAfterReplace) = (records.count, records.count)
    }

    private func write(_ bytes: [UInt8], _ descriptor: Int32) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count >= 0 {
                rest = rest.dropFirst(count)
            } else if errno != EINTR {
                throw failure()
            }
        }
    }

    private func failure() -> JournalError { JournalError(path: path, code: errno) }

    // MARK: Lines

    private static func text(_ lines: [[UInt8]]) -> [UInt8] { lines.flatMap { $0 + [UInt8(ascii: "\n")] } }

    private static func line(_ record: Record) -> [UInt8] {
        let text = record.journalValue.serialized()
        return Array((checksum(text) + " ").utf8) + text
    }

    private static func checksum(_ bytes: some Sequence<UInt8>) -> String {
        String(FNV1a.hash(bytes), radix: 16)
    }

    private static func read(_ path: String, _ progressed: () -> Void) -> [Record] {
        guard let data = try? Data(contentsOf: URL(filePath: path)) else { return [] }
        return data.split(separator: UInt8(ascii: "\n")).compactMap { line in
            progressed()
            guard let space = line.firstIndex(of: UInt8(ascii: " ")) else { return nil }
            let text = line[line.index(after: space)...]
            guard String(decoding: line[..<space], as: UTF8.self) == checksum(text),
                let json = try? JSONValue(parsing: String(decoding: text, as: UTF8.self))
            else { return nil }
            return Record(journalValue: json)
        }
    }
}

/// Why records in memory could not be written to the spill file.
struct JournalError: Error, CustomStringConvertible {
    var path: String
    var code: Int32

    var description: String { "\(path): \(String(cString: strerror(code)))" }
}
