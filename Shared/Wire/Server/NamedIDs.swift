import Glibc

/// The overflow uid and gid: the number that the kernel reports for each user or group that this process's user
/// namespace does not map.
///
/// Under systemd's `PrivateUsers=yes` a service sees root, its own user and its own group with their real numbers, and
/// all others as 65534, in `SO_PEERCRED`, `SO_PEERGROUPS` and `stat`. So two ids that look the same may be different.
struct NamedIDs: Equatable {
    /// The overflow uid; nil when the namespace maps every user.
    var anyOtherUser: UInt32?
    /// The overflow gid; nil when the namespace maps every group.
    var anyOtherGroup: UInt32?

    /// This process's values, from proc(5). A map that cannot be read counts as incomplete, which is the safe choice.
    static var ofThisProcess: NamedIDs {
        NamedIDs(
            anyOtherUser: isWhole("/proc/self/uid_map") ? nil : overflow("/proc/sys/kernel/overflowuid"),
            anyOtherGroup: isWhole("/proc/self/gid_map") ? nil : overflow("/proc/sys/kernel/overflowgid"))
    }

    /// Whether a map covers every id: one line that begins at 0 inside the namespace and has the length 2^32 - 1.
    static func isWhole(map: String) -> Bool {
        let numbers = map.split(whereSeparator: \.isWhitespace).compactMap { UInt32($0) }
        return numbers.count == 3 && numbers[0] == 0 && numbers[2] == .max
    }

    private static func isWhole(_ path: String) -> Bool { contents(path).map { isWhole(map: $0) } ?? false }

    /// The overflow id that is set; the kernel's default, 65534, where `ProcSubset=pid` hides the setting.
    private static func overflow(_ path: String) -> UInt32 {
        contents(path).flatMap { text in text.split(whereSeparator: \.isWhitespace).first.flatMap { UInt32($0) } }
            ?? 65_534
    }

    private static func contents(_ path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 4_096)
        let count = read(descriptor, &bytes, bytes.count)
        return count >= 0 ? String(decoding: bytes.prefix(count), as: UTF8.self) : nil
    }
}
