public import Logging
public import ServiceLifecycle

/// Pings systemd while all vital parts of the process work.
///
/// Before each ping it asks every part for a pulse. If a part gives none, the log names it and there is no ping until
/// it does. If systemd's time-out passes without a ping, systemd replaces the process.
public struct Watchdog: Service {
    private let vitals: [Vital]
    private let interval: Duration
    private let logger: Logger
    private let ping: @Sendable () -> Void
    private let stuck: @Sendable (_ names: String) -> Void

    /// - Parameters:
    ///   - deadline: how long systemd waits for a ping. The watchdog sends three in that time.
    ///   - ping: sends a ping to systemd.
    ///   - stuck: called with the names of the parts that give no pulse.
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

    /// Runs until the service is stopped. From then on systemd applies another time-out.
    public func run() async throws {
        try? await cancelWhenGracefulShutdown {
            while await areAllVitalsAlive() {
                ping()
                try await Task.sleep(for: interval)
            }
        }
    }

    private enum Sign { case pulse(Int), late }

    /// Returns when every part has given a pulse; false when it was cancelled.
    private func areAllVitalsAlive() async -> Bool {
        let (signs, continuation) = AsyncStream.makeStream(of: Sign.self)
        // These are not child tasks: the parent would wait for them, and a stuck part never gives a pulse.
        let checks =
            vitals.enumerated().map { index, vital in
                Task {
                    await vital.pulse()
                    continuation.yield(.pulse(index))
                }
            } + [
                Task {
                    do { try await Task.sleep(for: interval) } catch { return }
                    continuation.yield(.late)
                }
            ]
        defer { checks.forEach { $0.cancel() } }
        var missing = Set(vitals.indices)
        var isLate = false
        for await sign in signs {
            switch sign {
            case .pulse(let index): missing.remove(index)
            case .late:
                isLate = true
                report(missing)
            }
            if missing.isEmpty {
                if isLate { logger.warning("what was stuck works again") }
                return !Task.isCancelled
            }
        }
        return false
    }

    private func report(_ missing: Set<Int>) {
        let names = missing.sorted().map { vitals[$0].name }.joined(separator: ", ")
        logger.critical(
            "a part of the service is stuck; without watchdog pings systemd will replace the process",
            metadata: ["part": "\(names)"])
        stuck(names)
    }
}
