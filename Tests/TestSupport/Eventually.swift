/// What a test waited for did not come.
public struct NotInTime: Error, CustomStringConvertible {
    public var description: String

    public init(description: String) { self.description = description }
}

/// Waits for a condition outside this process, which nothing tells us of: a file, an expiry, a socket that is taken.
/// Where there is an answer or an end of a process to wait for, wait for that instead.
///
/// - Parameter what: is named when it does not come.
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
