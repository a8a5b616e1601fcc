import Glibc

/// A small file system in memory (tmpfs). It needs root.
///
/// Unlike a disk it loses everything at an unmount, and its fsync does nothing. A lack of space shows at the write, and
/// never first at the fsync, as with delayed allocation or over a network.
public final class SmallDisk: Sendable {
    public let path: String

    /// - Returns: nil if this process may not mount.
    public init?(bytes: Int, at path: String) {
        mkdir(path, 0o700)
        guard mount("tmpfs", path, "tmpfs", UInt(MS_NOSUID | MS_NODEV), "size=\(bytes),mode=0700") == 0 else {
            return nil
        }
        self.path = path
    }

    deinit { umount2(path, Int32(MNT_DETACH)) }

    private var filler: String { path + "/filler" }

    /// Uses up every free byte.
    public func fill() {
        let descriptor = open(filler, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        let block = [UInt8](repeating: 0, count: 4_096)
        while write(descriptor, block, block.count) > 0 {}
        close(descriptor)
    }

    public func free() { unlink(filler) }
}
