import Contracts
import Glibc
import TelegramSimulator
import TestSupport

/// The cost of a service without calls, and the time until it is ready on an empty store.
struct ServiceBenchmark {
    static let starts = 5
    static let idleSeconds: UInt32 = 5

    var directory: String

    func run(_ report: inout Report) async throws {
        let telegram = TelegramSimulator(token: "1:BENCH")
        let url = try await telegram.start()
        for binary in [RivetBinary.state, .library, .gateway] {
            var readyAfter: [Duration] = []
            for round in 0..<Self.starts {
                let service = try start(binary, "\(round)", url)
                readyAfter.append(service.readyAfter)
                service.stop()
            }
            report.check(
                "\(binary.rawValue) ready on an empty store (median of \(Self.starts))",
                Timings(readyAfter).median.microseconds / 1_000, digits: 0, atMost: 150, " ms")
        }
        // All three together, as in production.
        let services = try [RivetBinary.state, .library, .gateway].map { ($0, try start($0, "idle", url)) }
        try await telegram.waitForPoll()
        let before = services.map { $0.1.process.processorTicks ?? 0 }
        sleep(Self.idleSeconds)
        for ((binary, service), before) in zip(services, before) {
            let ticks = (service.process.processorTicks ?? 0) - before
            report.check(
                "\(binary.rawValue) idle: processor ticks in \(Self.idleSeconds) s", Double(ticks), digits: 0, atMost: 1
            )
            report.check(
                "\(binary.rawValue) idle: resident memory", Double(service.process.residentBytes ?? 0) / 1_048_576,
                digits: 1, atMost: 40, " MiB")
        }
        services.reversed().forEach { $0.1.stop() }
        await telegram.stop()
    }

    private func start(_ binary: RivetBinary, _ name: String, _ url: String) throws -> ServiceUnderTest {
        try ServiceUnderTest(binary, directory: "\(directory)/\(binary.rawValue)-\(name)", telegramURL: url)
    }
}
