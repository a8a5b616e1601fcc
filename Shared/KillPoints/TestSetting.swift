#if RIVET_KILL_POINTS
    private import Glibc
#endif

/// A time that a test may set for this process, in an environment variable, in a test build; nil in a release build.
public func testMilliseconds(_ variable: StaticString) -> Int? {
    #if RIVET_KILL_POINTS
        getenv(variable.description).flatMap { Int(String(cString: $0)) }
    #else
        nil
    #endif
}
