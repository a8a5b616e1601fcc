import Glibc

/// A version of systemd, which determines how a settings file is parsed.
public struct SystemdVersion: Sendable, Equatable {
    /// The major version, for example 257 for 257.13.
    public var number: Int

    public init(_ number: Int) { self.number = number }

    /// Whether a backslash at the end of a comment makes the next line part of the comment.
    ///
    /// Up to 253 it does. Version 254 changed that (systemd issue 27975). Measured with Debian's 252.39 and 257.13.
    public var continuesComments: Bool { number < 254 }

    /// The version of the systemd that runs this machine; nil when there is none or its version is unknown.
    ///
    /// systemd does not pass its version to services, and they have no access to D-Bus, by which they could ask. But
    /// the version is in the name of systemd's own shared library (`libsystemd-shared-257.so`), which every program of
    /// systemd needs. After an upgrade the two differ until systemd restarts itself; Debian's package does both at
    /// once.
    public static let ofThisMachine: SystemdVersion? = running(below: "")

    /// The version of the system whose root is `root`, a path without a trailing slash.
    public static func running(below root: String) -> SystemdVersion? {
        // The same check as in sd_booted(3).
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
