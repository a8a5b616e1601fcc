#if RIVET_KILL_POINTS
    private import Glibc
#endif

/// A time in milliseconds that a test sets for this process by an environment variable; always nil in a release build.
public func testMilliseconds(_ variable: StaticString) -> Int? {
    #if RIVET_KILL_POINTS
        getenv(variable.description).flatMap { Int(String(cString: $0)) }
    #else
        nil
    #endif
}
