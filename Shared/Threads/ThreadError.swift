private import Glibc

/// Why a thread could not be started.
public struct ThreadError: Error, Sendable, Equatable, CustomStringConvertible {
    public var name: String
    /// What pthread_create(3) returned.
    public var code: Int32

    public init(name: String, code: Int32) {
        self.name = name
        self.code = code
    }

    public var description: String {
        "cannot start a thread for \(name): \(String(cString: strerror(code))); raise TasksMax= or the process limit"
    }
}
