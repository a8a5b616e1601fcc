#if RIVET_KILL_POINTS
    private import Glibc

    /// The stall point at which this process blocks, read once from `RIVET_STALL_AT`: `name:path`. It blocks while the
    /// file at `path` exists.
    private let armed: (name: String, path: String)? = {
        guard let value = getenv("RIVET_STALL_AT").map({ String(cString: $0) }) else { return nil }
        let parts = value.split(separator: ":", maxSplits: 1)
        return parts.count == 2 ? (String(parts[0]), String(parts[1])) : nil
    }()
#endif

/// Marks an iteration of a loop that must not block. In a test build a test can block its thread there; in a release
/// build this does nothing.
@inline(__always)
public func stallPoint(_ name: StaticString) {
    #if RIVET_KILL_POINTS
        guard let armed, armed.name == name.description else { return }
        while access(armed.path, F_OK) == 0 { usleep(1_000) }
    #endif
}
