public import ServiceLifecycle

/// Runs an action at an interval, after a first delay, until the service is stopped.
public struct Every: Service {
    private var first: Duration
    private var interval: Duration
    private var action: @Sendable () async -> Void

    /// - Parameter first: the delay before the first run.
    public init(_ interval: Duration, first: Duration, action: @escaping @Sendable () async -> Void) {
        self.interval = interval
        self.first = first
        self.action = action
    }

    public func run() async throws {
        var delay = first
        while !Task.isShuttingDownGracefully {
            let wait = delay
            do { try await cancelWhenGracefulShutdown { try await Task.sleep(for: wait) } } catch { return }
            if Task.isShuttingDownGracefully { return }
            await action()
            delay = interval
        }
    }
}
