import Glibc

/// The group whose members may use a file.
enum FileGroup {
    /// The name, or the number, of the group of the file at `path`. If this user cannot see the file, that of the
    /// nearest visible directory above it. Nil if none is visible.
    static func name(of path: String) -> String? {
        var path = path
        while true {
            var status = stat()
            if stat(path, &status) == 0 { return name(of: status.st_gid) }
            guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return nil }
            path = String(path[..<slash])
        }
    }

    private static func name(of groupID: gid_t) -> String {
        guard let group = getgrgid(groupID), let name = group.pointee.gr_name else { return "\(groupID)" }
        return String(cString: name)
    }
}
