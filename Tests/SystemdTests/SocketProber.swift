import Glibc
import Synchronization
import TestSupport

/// A client that makes a new connection for each call, repeatedly, on its own thread.
final class SocketProber: Sendable {
    struct Count: Sendable {
        var calls = 0
        /// No process listened, or there was no socket.
        var refused = 0
        /// Accepted by a process that then ended: the caller would repeat the call.
        var cut = 0
    }

    private let count = Mutex(Count())
    private let isStopping = Mutex(false)
    private static let pauseMicroseconds: UInt32 = 10_000

    /// Calls the services with a systemd socket, during `body`.
    static func probe(_ rivet: InstalledRivet, during body: () async throws -> Void) async throws -> Count {
        let prober = SocketProber()
        let paths = [InstalledRivet.Service.state, .library].map { rivet.socketPath($0) }
        async let ended: Void = Container.blocking { prober.run(paths) }
        let outcome: Result<Void, any Error>
        do { outcome = .success(try await body()) } catch { outcome = .failure(error) }
        prober.isStopping.withLock { $0 = true }
        await ended
        try outcome.get()
        return prober.count.withLock { $0 }
    }

    private func run(_ paths: [String]) {
        while !isStopping.withLock({ $0 }) {
            for path in paths { call(path) }
            usleep(Self.pauseMicroseconds)
        }
    }

    private func call(_ path: String) {
        count.withLock { $0.calls += 1 }
        guard let client = try? FrameClient(path, deadline: .zero) else { return count.withLock { $0.refused += 1 } }
        if (try? client.result("service.health")) == nil { count.withLock { $0.cut += 1 } }
    }
}
