import Glibc

/// A version of systemd: which of its habits a settings file is read by.
public struct SystemdVersion: Sendable, Equatable {
    /// `257` of 257.13.
    public var number: Int

    public init(_ number: Int) { self.number = number }

    /// Whether a backslash at the end of a comment makes the next line part of the comment.
    ///
    /// Up to 253 it does. Version 254 changed that (systemd's issue 27975). Measured at Debian's 252.39 and 257.13.
    public var continuesComments: Bool { number < 254 }

    /// That of the systemd which runs this machine; nil when none does, or it cannot be told.
    ///
    /// systemd tells its services no version, and asking for it takes D-Bus, which they have no access to. But its own shared
    /// library has the version in its name (`libsystemd-shared-257.so`), and every program of systemd needs it. Between an
    /// upgrade of systemd and its own restart the two differ; Debian's package does both at once.
    public static let ofThisMachine: SystemdVersion? = running(below: "")

    /// That of the system whose root is `root`, a path without a slash at its end.
    public static func running(below root: String) -> SystemdVersion? {
        // As sd_booted(3) has it.
        guard access("\(root)/run/systemd/system", F_OK) == 0 else { return nil }
        let prefix = "libsystemd-shared-"
        let directories = ["/usr/lib", "/usr/lib64", "/usr/lib/*-linux-gnu*", "/lib"]
        let names = directories.flatMap { matches("\(root)\($0)/systemd/\(prefix)*.so") }
        let numbers = names.compactMap { path -> Int? in
            guard let name = path.split(separator: "/").last, name.hasPrefix(prefix) else { return nil }
            return Int(name.dropFirst(prefix.count).prefix { $0.isASCII && $0.isNumber })
        }
        return numbers.max().map { SystemdVersion($0) }
    }

    private static func matches(_ pattern: String) -> [String] {
        var found = glob_t()
        defer { globfree(&found) }
        guard glob(pattern, 0, nil, &found) == 0, let paths = found.gl_pathv else { return [] }
        return (0..<Int(found.gl_pathc)).compactMap { index in paths[index].map { String(cString: $0) } }
    }
}
