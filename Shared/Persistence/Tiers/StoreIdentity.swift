import FoundationEssentials
import Glibc

/// The identity that a store leaves with its visits in a tier, so that two stores with one host number notice each
/// other.
struct StoreIdentity: Sendable, Equatable {
    /// `RIVET_HOST_NUMBER`: 0 to 63.
    var host: UInt8 = 0
    /// The same for the same database file on the same machine, even when the file was lost and made again. For two
    /// other files it is almost never the same.
    var writer: Int64 = 0
}

extension StoreIdentity {
    /// The identity for the database file at `path` on this machine.
    init(host: UInt8, path: String) {
        let absolute = URL(filePath: path).standardizedFileURL.path(percentEncoded: false)
        self.init(host: host, writer: Int64(bitPattern: FNV1a.hash((Self.machine + "\n" + absolute).utf8)))
    }

    /// The machine's id, or its host name if it has no id, as in some containers.
    private static var machine: String {
        if let number = try? String(contentsOfFile: "/etc/machine-id", encoding: .utf8), number.utf8.count >= 32 {
            return number
        }
        var name = [CChar](repeating: 0, count: 256)
        guard gethostname(&name, name.count - 1) == 0 else { return "" }
        return String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
