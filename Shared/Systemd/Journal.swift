import CSystemd
import Glibc

/// Writes entries with fields to this machine's journal (sd_journal_sendv(3)).
public enum Journal {
    /// Whether `descriptor` is connected to the journal. If so, lines written to it would arrive without fields.
    ///
    /// - Parameter stream: `$JOURNAL_STREAM`: the device and the inode of standard error or output.
    public static func isConnected(_ descriptor: Int32, stream: String?) -> Bool {
        guard let parts = stream?.split(separator: ":"), parts.count == 2, let device = UInt64(parts[0]),
            let inode = UInt64(parts[1])
        else { return false }
        var status = stat()
        return fstat(descriptor, &status) == 0 && UInt64(status.st_dev) == device && UInt64(status.st_ino) == inode
    }

    /// Sends one entry.
    ///
    /// - Parameter fields: the names consist of `A` to `Z`, `0` to `9` and `_`.
    /// - Returns: whether the journal accepted the entry; true also if there is no journal.
    public static func send(_ fields: [(name: String, value: String)]) -> Bool {
        var bytes: [UInt8] = []
        var ends: [Int] = []
        for (name, value) in fields {
            bytes += name.utf8
            bytes.append(UInt8(ascii: "="))
            bytes += value.utf8
            ends.append(bytes.count)
        }
        return bytes.withUnsafeMutableBytes { buffer in
            var start = 0
            let parts = ends.map { end in
                defer { start = end }
                return iovec(iov_base: buffer.baseAddress.map { $0 + start }, iov_len: end - start)
            }
            return sd_journal_sendv(parts, Int32(parts.count)) >= 0
        }
    }
}
