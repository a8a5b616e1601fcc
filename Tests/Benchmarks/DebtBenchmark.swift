import Contracts
import Foundation
import Glibc
import TestSupport

/// A tier that lacks every row of a large store, by a list of debts from an earlier Rivet, and that then turns out to
/// be a different database.
struct DebtBenchmark {
    var directory: String
    var debts: Int

    func run(_ report: inout Report) throws {
        let cluster = try PostgresCluster(isDurable: true)
        try cluster.createDatabase("owed")
        let proxy = try FaultProxy(to: cluster.port)
        proxy.set(.refuse)
        let path = directory + "/debts"
        let file = path + "/state/state.db"
        try FileManager.default.createDirectory(atPath: path + "/state", withIntermediateDirectories: true)
        try ScaleBenchmark.fillConversations(file, count: debts, expiringIn: "+1 days")
        func start() throws -> ServiceUnderTest {
            try ServiceUnderTest(
                .state, directory: path, run: "debts",
                environment: ["NEON_DATABASE_URL": cluster.tcpURL(database: "owed", port: proxy.port)])
        }
        let quiet = try start()
        let quietBytes = try Self.highestBytes(quiet)
        quiet.stop()
        try owe(file)
        let service = try start()
        report.check("\(debts) debts: rivet-state ready", service.readyAfter.seconds, atMost: 2, " s")
        let began = ContinuousClock.now
        let live = try ManyClients(count: 1, path: service.socketPath) { StateBenchmark.saves(user: $0) }
        var slowest = try live.run(for: .seconds(2)).latencies.max() ?? .zero
        report.check(
            "resident memory then, above a start without them",
            Double(try Self.highestBytes(service) - quietBytes) / 1_048_576, digits: 0, atMost: 64, " MiB")
        proxy.set(.pass)
        // The service connects within 12 s; then the first pages of the walk follow.
        slowest = max(slowest, try live.run(for: .seconds(20)).latencies.max() ?? .zero)
        report.check(
            "the slowest save while they are dropped", slowest / .milliseconds(1), digits: 0, atMost: 100, " ms")
        report.note("\(try left(file)) of their notes on the disk after \((.now - began).seconds.text(0)) s")
        service.stop()
        proxy.close()
    }

    private static func highestBytes(_ service: ServiceUnderTest) throws -> Int {
        let name = "VmHWM:"
        let text = try String(contentsOfFile: "/proc/\(service.process.processID)/status", encoding: .utf8)
        let line = text.split(separator: "\n").first { $0.hasPrefix(name) } ?? ""
        return (line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) } ?? 0) * 1_024
    }

    private func owe(_ file: String) throws {
        let database = try BareDatabase(filling: file)
        try database.execute(
            """
            INSERT INTO tier_debts (user_id, chat_id, conversation_type, revision, tiers, since)
                SELECT user_id, chat_id, conversation_type, revision, 1, updated_at FROM conversation_states;
            INSERT OR REPLACE INTO tier_progress (tier, mark, visit, pulled_to) VALUES ('neon', 1, 1, 2);
            """)
    }

    private func left(_ file: String) throws -> Int {
        try BareDatabase(filling: file).count("tier_debts")
    }
}
