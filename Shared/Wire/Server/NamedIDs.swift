import Glibc

/// The one number that stands for every user, or every group, that this process's user namespace has no name for.
///
/// Under systemd's `PrivateUsers=yes` a service sees root, its own user and its own group as they are, and everybody else
/// as 65534, in `SO_PEERCRED`, in `SO_PEERGROUPS` and in `stat` alike: two that look the same need not be.
struct NamedIDs: Equatable {
    /// Nil when every user has a name here.
    var anyOtherUser: UInt32?
    /// Nil when every group has.
    var anyOtherGroup: UInt32?

    /// Of this process, from proc(5). What cannot be read is taken for the worse.
    static var ofThisProcess: NamedIDs {
        NamedIDs(
            anyOtherUser: isWhole("/proc/self/uid_map") ? nil : overflow("/proc/sys/kernel/overflowuid"),
            anyOtherGroup: isWhole("/proc/self/gid_map") ? nil : overflow("/proc/sys/kernel/overflowgid"))
    }

    /// Whether a map has every number: as one line from 0, of 2^32 - 1.
    static func isWhole(map: String) -> Bool {
        let numbers = map.split(whereSeparator: \.isWhitespace).compactMap { UInt32($0) }
        return numbers.count == 3 && numbers[0] == 0 && numbers[2] == .max
    }

    private static func isWhole(_ path: String) -> Bool { contents(path).map { isWhole(map: $0) } ?? false }

    /// The kernel's default where `ProcSubset=pid` hides what is set.
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
