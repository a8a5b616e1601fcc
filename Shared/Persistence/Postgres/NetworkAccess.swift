import Glibc

/// Whether this process may use the network at all.
enum NetworkAccess {
    /// False under a unit with `RestrictAddressFamilies=AF_UNIX`, which Rivet's units have without `remote-tiers.conf`:
    /// the kernel then allows this process no Internet sockets.
    static var isAllowed: Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor < 0 else {
            close(descriptor)
            return true
        }
        return errno != EAFNOSUPPORT
    }
}
