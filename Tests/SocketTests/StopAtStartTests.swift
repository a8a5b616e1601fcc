import Glibc
import TestSupport
import Testing

/// A service that gets a stop signal while it starts.
@Suite(.withProcesses) struct StopAtStartTests {
    private static let limit = Duration.seconds(1)
    /// With an empty disk the store waits for the tier longer than any test waits here.
    private static let refusedTier = [
        "NEON_DATABASE_URL": "postgresql://rivet@127.0.0.1:1/rivet?sslmode=disable&connect_timeout=2"
    ]

    @Test(arguments: [RivetBinary.state, .library], [SIGTERM, SIGINT])
    func `A start that waits for a tier: ends within a second of the signal, 20 of 20`(
        _ binary: RivetBinary, _ signal: Int32
    ) async throws {
        let moments = [Duration](repeating: .milliseconds(400), count: 20)
        let slowest = try await stop(binary, signal, after: moments)
        #expect(slowest < Self.limit)
    }

    @Test func `A start: ends within a second of the signal, at any moment`() async throws {
        var generator = SeededGenerator(seed: 20_261_127)
        for signal in [SIGTERM, SIGINT] {
            let moments = (0..<20).map { _ in Duration.milliseconds(Int64.random(in: 0...2_000, using: &generator)) }
            let slowest = try await stop(.state, signal, after: moments)
            #expect(slowest < Self.limit)
        }
    }

    /// Starts the service once for each moment, four at a time, and sends the signal after that moment.
    /// - Returns: the longest time between signal and end.
    private func stop(_ binary: RivetBinary, _ signal: Int32, after moments: [Duration]) async throws -> Duration {
        let atATime = 4
        return try await withThrowingTaskGroup(of: Duration.self) { group in
            var slowest = Duration.zero
            for (index, moment) in moments.enumerated() {
                if index >= atATime, let took = try await group.next() { slowest = max(slowest, took) }
                group.addTask { try await stop(binary, signal, after: moment) }
            }
            for try await took in group { slowest = max(slowest, took) }
            return slowest
        }
    }

    private func stop(_ binary: RivetBinary, _ signal: Int32, after moment: Duration) async throws -> Duration {
        let directory = try TestDirectory()
        let service = RivetProcess(binary, Self.refusedTier, in: directory)
        let process = try service.launch()
        // The delay is the subject of the test, no wait for an event.
        try await Task.sleep(for: moment)
        let begun = ContinuousClock.now
        process.signal(signal)
        let code = process.wait()
        let took = ContinuousClock.now - begun
        // Before the program's first line runs, the signal itself ends the process.
        #expect(code == 0 || code == 128 + signal, "\(service.log)")
        #expect(!service.log.contains("ready status"), "\(service.log)")
        return took
    }
}
