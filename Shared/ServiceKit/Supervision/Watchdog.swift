public import Logging
public import ServiceLifecycle

/// Tells systemd that the process works, for as long as every one of its vital parts does.
///
/// Before each ping all of them are asked for a pulse. One that gives none is named in the log; then there is no ping
/// until it gives one, and when systemd's patience is at its end, it replaces the process.
public struct Watchdog: Service {
    private let vitals: [Vital]
    private let interval: Duration
    private let logger: Logger
    private let ping: @Sendable () -> Void
    private let stuck: @Sendable (_ names: String) -> Void

    /// - Parameters:
    ///   - deadline: how long systemd waits for a ping. There are three in that time.
    ///   - ping: tells systemd.
    ///   - stuck: is told which parts give no pulse.
    public init(
        _ vitals: [Vital], deadline: Duration, logger: Logger, ping: @escaping @Sendable () -> Void,
        stuck: @escaping @Sendable (_ names: String) -> Void = { _ in }
    ) {
        self.vitals = vitals
        self.logger = logger
        self.ping = ping
        self.stuck = stuck
        interval = deadline / 3
    }

    /// Until the service is stopped: from then on systemd has another time-out.
    public func run() async throws {
        try? await cancelWhenGracefulShutdown {
            while await isEverybodyAlive() {
                ping()
                try await Task.sleep(for: interval)
            }
        }
    }

    private enum Sign { case pulse(Int), late }

    /// Returns when every part has given a pulse; false when it was cancelled.
    private func isEverybodyAlive() async -> Bool {
        let (signs, gave) = AsyncStream.makeStream(of: Sign.self)
        // No children: these would hold up who waits for them, and a part that is stuck gives no pulse at all.
        let questions =
            vitals.enumerated().map { index, vital in
                Task {
                    await vital.pulse()
                    gave.yield(.pulse(index))
                }
            } + [
                Task {
                    do { try await Task.sleep(for: interval) } catch { return }
                    gave.yield(.late)
                }
            ]
        defer { questions.forEach { $0.cancel() } }
        var missing = Set(vitals.indices)
        var isLate = false
        for await sign in signs {
            switch sign {
            case .pulse(let index): missing.remove(index)
            case .late:
                isLate = true
                tell(missing)
            }
            if missing.isEmpty {
                if isLate { logger.warning("what was stuck works again") }
                return !Task.isCancelled
            }
        }
        return false
    }

    private func tell(_ missing: Set<Int>) {
        let names = missing.sorted().map { vitals[$0].name }.joined(separator: ", ")
        logger.critical(
            "a part of the service is stuck; systemd is not told that it works, and will replace it",
            metadata: ["part": "\(names)"])
        stuck(names)
    }
}
