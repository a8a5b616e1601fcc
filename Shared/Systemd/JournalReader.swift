import CSystemd
import Glibc

/// Reads this machine's journal, or one in a directory (sd-journal(3)).
public struct JournalReader: ~Copyable {
    /// One entry: its time and its fields. If a field occurs twice, the last one counts.
    public struct Entry: Sendable, Equatable {
        /// Microseconds since 1970.
        public var microseconds: UInt64
        public var fields: [String: String]
    }

    /// Why the journal cannot be read.
    public enum Failure: Error, Equatable {
        /// There is no journal in these directories.
        case none(directories: [String])
        /// There is a journal of the machine, but this user may not read it.
        case notAllowed(file: String)
        case system(operation: String, code: Int32)
    }

    private let journal: OpaquePointer

    /// - Parameter directory: the directory of the journal files; nil for this machine's journal.
    public init(directory: String? = nil) throws(Failure) {
        let directories = directory.map { [$0] } ?? ["/var/log/journal", "/run/log/journal"]
        let files = directories.flatMap(Self.files)
        // Check the files first. A user without access to the machine's journal can open a personal one, which has no
        // entries of Rivet.
        if !files.contains(where: { access($0, R_OK) == 0 }) {
            guard let file = files.first else { throw .none(directories: directories) }
            throw .notAllowed(file: file)
        }
        var opened: OpaquePointer?
        let code =
            directory.map { sd_journal_open_directory(&opened, $0, 0) }
            ?? sd_journal_open(&opened, Int32(SD_JOURNAL_LOCAL_ONLY))
        guard code >= 0, let opened else { throw .system(operation: "open the journal", code: -code) }
        journal = opened
    }

    deinit { sd_journal_close(journal) }

    /// The last `limit` entries that fulfill one of `matches`, oldest first.
    ///
    /// - Parameter since: microseconds since 1970; older ones are left out.
    public func last(
        _ limit: Int, matching matches: [(field: String, value: String)], since: UInt64 = 0
    ) throws(Failure) -> [Entry] {
        sd_journal_flush_matches(journal)
        for (field, value) in matches {
            let text = Array("\(field)=\(value)".utf8)
            try check(sd_journal_add_match(journal, text, text.count), "match")
            try check(sd_journal_add_disjunction(journal), "match")
        }
        try check(sd_journal_seek_tail(journal), "seek")
        var entries: [Entry] = []
        while entries.count < limit, try check(sd_journal_previous(journal), "read") > 0 {
            var moment: UInt64 = 0
            try check(sd_journal_get_realtime_usec(journal, &moment), "read")
            if moment < since { break }
            entries.append(Entry(microseconds: moment, fields: fields))
        }
        return entries.reversed()
    }

    private var fields: [String: String] {
        var fields: [String: String] = [:]
        var data: UnsafeRawPointer?
        var bytes = 0
        sd_journal_restart_data(journal)
        // A field that cannot be read, for example in a damaged file, is left out.
        while sd_journal_enumerate_available_data(journal, &data, &bytes) > 0, let data {
            let text = UnsafeRawBufferPointer(start: data, count: bytes)
            guard let separator = text.firstIndex(of: UInt8(ascii: "=")) else { continue }
            fields[String(decoding: text[..<separator], as: UTF8.self)] =
                String(decoding: text[text.index(after: separator)...], as: UTF8.self)
        }
        return fields
    }

    @discardableResult
    private func check(_ code: Int32, _ operation: String) throws(Failure) -> Int32 {
        guard code >= 0 else { throw .system(operation: "\(operation) the journal", code: -code) }
        return code
    }

    /// The machine's journal files in a directory and its subdirectories, without the journals of users.
    private static func files(_ directory: String) -> [String] {
        let names = names(in: directory)
        return names.filter { $0.hasPrefix("system") && $0.hasSuffix(".journal") }.map { "\(directory)/\($0)" }
            + names.filter { !$0.contains(".") }.flatMap { name in
                Self.names(in: "\(directory)/\(name)").filter { $0.hasPrefix("system") && $0.hasSuffix(".journal") }
                    .map { "\(directory)/\(name)/\($0)" }
            }
    }

    private static func names(in directory: String) -> [String] {
        guard let stream = opendir(directory) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }
}
