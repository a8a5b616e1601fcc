import Glibc

/// Operations on paths, and on the files that they name.
enum FilePath {
    /// The text before the last slash; `.` without a slash, `/` if the only slash is the first character.
    static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// The text after the last slash.
    static func name(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return path }
        return String(path[path.index(after: slash)...])
    }

    /// `path` without trailing slashes; `/` if it has nothing but slashes.
    static func withoutEndingSlashes(_ path: String) -> String {
        var path = path[...]
        while path.count > 1, path.hasSuffix("/") { path = path.dropLast() }
        return String(path)
    }

    /// `path` made absolute, with links resolved; nil, with `errno` set, if it leads to no file.
    static func resolved(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    /// The names in a directory, without `.` and `..`; nil, with `errno` set, if it cannot be read.
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

    /// The result of stat(2) for a file or directory; nil, with `errno` set, if there is none.
    static func status(_ path: String) -> stat? {
        var status = stat()
        return stat(path, &status) == 0 ? status : nil
    }

    /// How many bytes this user may still write to the file system of `path`.
    static func freeBytes(at path: String) -> UInt64? {
        var disk = statvfs()
        guard statvfs(path, &disk) == 0 else { return nil }
        let (bytes, overflow) = UInt64(disk.f_bavail).multipliedReportingOverflow(by: UInt64(disk.f_frsize))
        return overflow ? .max : bytes
    }

    /// - Throws: unless `bytes` and 1 MiB more fit.
    static func requireRoom(for bytes: UInt64, at path: String) throws(CommandFailure) {
        guard let free = freeBytes(at: path) else { throw FileFailure.of(path, errno) }
        let needed = bytes.addingReportingOverflow(spareBytes).partialValue
        guard free >= needed else {
            throw CommandFailure(
                "\(needed.bytesText) are needed at \(path), and \(free.bytesText) are free",
                nextStep: "Make room there, or choose another place")
        }
    }

    /// For the manifest, for directories, and for the growth of a file when it is migrated.
    private static let spareBytes: UInt64 = 1 << 20
}

extension UInt64 {
    /// In whole KiB below 10 MiB, else in whole MiB; rounded down: `52 KiB`, `84 MiB`.
    var bytesText: String { self >> 20 < 10 ? "\(self >> 10) KiB" : "\(self >> 20) MiB" }
}
