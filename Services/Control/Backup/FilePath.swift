import Glibc

/// Paths as text.
enum FilePath {
    /// What is before the last slash; `.` when there is none, `/` at the root.
    static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// What is behind the last slash.
    static func name(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return path }
        return String(path[path.index(after: slash)...])
    }

    /// Without slashes at its end, unless it is nothing but slashes.
    static func withoutEndingSlashes(_ path: String) -> String {
        var path = path[...]
        while path.count > 1, path.hasSuffix("/") { path = path.dropLast() }
        return String(path)
    }

    /// Absolute, and without links; nil, and `errno` is set, when it leads to nothing.
    static func resolved(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    /// The names in a directory, but for `.` and `..`; nil, and `errno` is set, when it cannot be read.
    static func names(in directory: String) -> [String]? {
        guard let stream = opendir(directory) else { return nil }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: pointer.pointee)) {
                    String(cString: $0)
                }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    /// Of a file or directory, as the system has it; nil, and `errno` is set, when there is none.
    static func status(_ path: String) -> stat? {
        var status = stat()
        return stat(path, &status) == 0 ? status : nil
    }

    /// Bytes that may be written to the file system that `path` is on.
    static func freeBytes(at path: String) -> UInt64? {
        var disk = statvfs()
        guard statvfs(path, &disk) == 0 else { return nil }
        let (bytes, overflow) = UInt64(disk.f_bavail).multipliedReportingOverflow(by: UInt64(disk.f_frsize))
        return overflow ? .max : bytes
    }

    /// - Throws: unless `bytes` fit, with a little to spare.
    static func requireRoom(for bytes: UInt64, at path: String) throws(CommandFailure) {
        guard let free = freeBytes(at: path) else { throw FileFailure.of(path, errno) }
        let needed = bytes.addingReportingOverflow(spareBytes).partialValue
        guard free >= needed else {
            throw CommandFailure(
                "\(needed.bytesText) are needed at \(path), and \(free.bytesText) are free",
                nextStep: "Make room there, or choose another place")
        }
    }

    /// For the manifest, for directories, and for what a file grows by when it is brought up to date.
    private static let spareBytes: UInt64 = 1 << 20
}

extension UInt64 {
    /// Whole KiB, or MiB from ten of them on, rounded down: `52 KiB`, `84 MiB`.
    var bytesText: String { self >> 20 < 10 ? "\(self >> 10) KiB" : "\(self >> 20) MiB" }
}
