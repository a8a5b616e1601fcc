/// An event that a test waited for did not come in time.
public struct NotInTime: Error, CustomStringConvertible {
    public var description: String

    public init(description: String) { self.description = description }
}

/// Waits for a condition outside this process that sends no notification: a file, an expiry, a socket that listens. If
/// a response or the end of a process can be awaited, wait for that instead.
///
/// - Parameter what: the event, named in the error.
public func eventually(
    _ what: String, within limit: Duration = .seconds(30), _ condition: () async throws -> Bool
) async throws {
    let end = ContinuousClock.now + limit
    while true {
        if try await condition() { return }
        guard .now < end else { throw NotInTime(description: "not within \(limit): \(what)") }
        try await Task.sleep(for: .milliseconds(5))
    }
}
