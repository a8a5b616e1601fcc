#if RIVET_KILL_POINTS
    private import Glibc
    private import Synchronization

    /// The kill point at which this process dies, read once from `RIVET_KILL_AT`: `name`, or `name:N` for the N-th pass
    /// (from 1).
    private let armed: (name: String, pass: Int)? = {
        guard let value = getenv("RIVET_KILL_AT").map({ String(cString: $0) }), !value.isEmpty else { return nil }
        let parts = value.split(separator: ":", maxSplits: 1)
        return (String(parts[0]), parts.count > 1 ? Int(parts[1]) ?? 1 : 1)
    }()

    private let passes = Mutex(0)
#endif

/// Marks a place between two durable steps. In a test build a test can kill the process there, as with `kill -9`; in a
/// release build this does nothing.
@inline(__always)
public func killPoint(_ name: StaticString) {
    #if RIVET_KILL_POINTS
        guard let armed, armed.name == name.description else { return }
        let pass = passes.withLock { count in
            count += 1
            return count
        }
        if pass == armed.pass { kill(getpid(), SIGKILL) }
    #endif
}
