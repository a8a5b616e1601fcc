#if RIVET_KILL_POINTS
    private import Glibc

    /// Where this process is to stand still, read once from `RIVET_STALL_AT`: `name:path`, and it does so for as long as
    /// the file at `path` is there.
    private let armed: (name: String, path: String)? = {
        guard let value = getenv("RIVET_STALL_AT").map({ String(cString: $0) }) else { return nil }
        let parts = value.split(separator: ":", maxSplits: 1)
        return parts.count == 2 ? (String(parts[0]), String(parts[1])) : nil
    }()
#endif

/// Marks a turn of a loop that must not stand still. In a test build a test may have its thread do so; in a release build
/// this is nothing.
@inline(__always)
public func stallPoint(_ name: StaticString) {
    #if RIVET_KILL_POINTS
        guard let armed, armed.name == name.description else { return }
        while access(armed.path, F_OK) == 0 { usleep(1_000) }
    #endif
}
