import Contracts
import Glibc
import TestSupport

/// The cost of remote tiers, up and unavailable: real PostgreSQL servers on this machine, which wait for the disk as
/// Rivet does. Unlike remote ones they have no network delay, and they share this machine's processors and disk.
struct TierBenchmark {
    static let deadline = Duration.milliseconds(750)
    static let debts = 10_000

    var directory: String
    var rounds: Int
    var callsPerRound = 100

    func run(_ report: inout Report) throws {
        let clusters = try (0..<3).map { _ in try PostgresCluster(isDurable: true) }
        try oneClient(clusters, &report)
        try blackhole(clusters[0], &report)
        try debts(clusters[0], &report)
    }

    private func urls(_ clusters: [PostgresCluster], _ database: String) throws -> [String: String] {
        let names = ["NEON_DATABASE_URL", "SUPABASE_DATABASE_URL", "RAILWAY_DATABASE_URL"]
        for cluster in clusters { try cluster.createDatabase(database) }
        return Dictionary(uniqueKeysWithValues: zip(names, clusters.map { $0.url(database: database) }))
    }

    // MARK: Available tiers

    private func oneClient(_ clusters: [PostgresCluster], _ report: inout Report) throws {
        let one = try Subject(self, "one", try urls([clusters[0]], "one"))
        let floors = try Floors(directory, database: clusters[0].url(database: "one"), client: one.client)
        let name = "one tier: (state.save p50 - bare round trip) / the slower floor"
        let together = try measure(one, floors, &report)
        let processors = try Processors.usable()
        if let first = processors.first, processors.count > 1 {
            report.note("\(name), where the kernel schedules all on all processors: \(together.text(2))")
            let others = [getpid(), one.service.process.processID]
            try Processors.confine(clusters[0].processIDs, to: [first])
            try Processors.confine(others, to: processors.dropFirst())
            let apart = try measure(one, floors, &report)
            try Processors.confine(clusters[0].processIDs + others, to: processors)
            report.check("\(name), where PostgreSQL has a processor of its own", apart, atMost: 1.5)
        } else {
            report.check(name, together, atMost: 1.5)
        }
        try oneOrThree(clusters, one, &report)
        try many(one, floors.upsert, &report)
        one.service.stop()
    }

    /// The parts of a save without anything around them.
    private struct Floors {
        let commit: BareCommit
        let upsert: BareUpsert
        let echo: BareEcho
        let load = FrameClient.request("state.load", ["user_id": "0", "chat_id": "0"], id: 1)

        init(_ directory: String, database: String, client: FrameClient) throws {
            commit = try BareCommit(path: directory + "/bare-tier.db")
            upsert = try BareUpsert(url: database)
            try client.sendBytes(load)
            echo = try BareEcho(path: directory + "/tier-echo.sock", answer: try client.receiveBody() ?? [])
        }
    }

    /// - Returns: the time of a save, less a round trip, as a multiple of the slower floor.
    private func measure(_ one: Subject, _ floors: Floors, _ report: inout Report) throws -> Double {
        var (commits, upserts, trips, saves) = ([Duration](), [Duration](), [Duration](), [Duration]())
        // Each is measured in turns with the others, so that a drift in the machine's speed affects all.
        for _ in 0..<(rounds * callsPerRound) {
            commits += try Timings.measure(1) { try floors.commit.commit(user: 0, data: StateBenchmark.data.text) }
            upserts += try Timings.measure(1) { try floors.upsert.upsert(user: 0, data: StateBenchmark.data.text) }
            trips += try Timings.measure(1) { try floors.echo.roundTrip(floors.load) }
            saves += try Timings.measure(1) { try one.save() }
        }
        let (commit, upsert) = (Timings(commits).median.microseconds, Timings(upserts).median.microseconds)
        let (trip, save) = (Timings(trips).median.microseconds, Timings(saves).median.microseconds)
        report.note(
            "floors      bare commit p50 \(commit.text(0)) µs, bare libpq upsert p50 \(upsert.text(0)) µs, "
                + "bare round trip p50 \(trip.text(0)) µs")
        report.note("state.save  p50 \(save.text(0)) µs")
        return (save - trip) / max(commit, upsert)
    }

    /// Measured separately: the debts of the three tiers are paid meanwhile, and that would be measured with everything
    /// else.
    private func oneOrThree(_ clusters: [PostgresCluster], _ one: Subject, _ report: inout Report) throws {
        let three = try Subject(self, "three", try urls(clusters, "three"))
        var (ones, threes) = ([Duration](), [Duration]())
        for _ in 0..<(rounds * callsPerRound) {
            ones += try Timings.measure(1) { try one.save() }
            threes += try Timings.measure(1) { try three.save() }
        }
        report.check(
            "state.save p50 with three tiers / with one", Timings(threes).median / Timings(ones).median, atMost: 1.15)
        three.service.stop()
    }

    private func many(_ subject: Subject, _ upsert: BareUpsert, _ report: inout Report) throws {
        let clients = try subject.load(256)
        _ = try clients.run(for: .milliseconds(300))
        var ratios: [Double] = []
        for round in 0..<max(3, rounds / 3) {
            let bare = try Timings.measure(callsPerRound) {
                try upsert.upsert(user: round + 1, data: StateBenchmark.data.text)
            }
            let rate = try clients.run(for: .milliseconds(500)).rate
            ratios.append(rate * bare.reduce(.zero, +).seconds / Double(bare.count))
        }
        report.check(
            "256 clients' saves / bare libpq upserts one at a time", ratios.sorted()[ratios.count / 2], atLeast: 4)
    }

    // MARK: Unavailable tiers

    private func blackhole(_ cluster: PostgresCluster, _ report: inout Report) throws {
        let clientCount = 16
        let without = try Subject(self, "without", [:])
        let quiet = try without.load(clientCount).run(for: .seconds(3))
        without.service.stop()
        try cluster.createDatabase("hole")
        let proxy = try FaultProxy(to: cluster.port)
        let subject = try Subject(
            self, "hole", ["NEON_DATABASE_URL": cluster.tcpURL(database: "hole", port: proxy.port)])
        let clients = try subject.load(clientCount)
        _ = try clients.run(for: .seconds(1))
        proxy.set(.blackhole)
        let during = try clients.run(for: .seconds(6))
        let waited = during.latencies.filter { $0 > Self.deadline / 2 }
        report.check(
            "a tier is blackholed under \(clientCount) clients: writes that waited", Double(waited.count), digits: 0,
            atMost: Double(clientCount))
        report.check(
            "the longest of them / RIVET_REMOTE_DEADLINE", (during.latencies.max() ?? .zero) / Self.deadline,
            atMost: 1.2)
        report.check(
            "p99 of all others / p99 without that tier",
            Timings(during.latencies.filter { $0 <= Self.deadline / 2 }).quantile(0.99)
                / Timings(quiet.latencies).quantile(0.99), atMost: 2)
        subject.service.stop()
        proxy.close()
    }

    private func debts(_ cluster: PostgresCluster, _ report: inout Report) throws {
        try cluster.createDatabase("debts")
        let proxy = try FaultProxy(to: cluster.port)
        let subject = try Subject(
            self, "debts", ["NEON_DATABASE_URL": cluster.tcpURL(database: "debts", port: proxy.port)])
        let live = try subject.load(1)
        let quiet = try live.run(for: .seconds(3))
        proxy.set(.refuse)
        try subject.pipeline(users: 1_000..<(1_000 + Self.debts))
        let owed = try subject.pending()
        proxy.set(.pass)
        // From the contact on: how long a tier stays unavailable after its return depends on the probe.
        while try subject.pending() >= owed { usleep(2_000) }
        let start = ContinuousClock.now
        let paid = try FrameClient(subject.service.socketPath)
        var lastLook = ContinuousClock.now
        let during = try live.run(for: .seconds(30)) {
            guard .now - lastLook > .milliseconds(50) else { return true }
            lastLook = .now
            return (try? Subject.pending(paid)).map { $0 > 0 } ?? false
        }
        let elapsed = ContinuousClock.now - start
        report.note("\(owed) debts")
        report.check("\(Self.debts) debts are paid back in", elapsed.seconds, atMost: 5, " s")
        report.check(
            "live p99 meanwhile / quiet p99",
            Timings(during.latencies).quantile(0.99) / Timings(quiet.latencies).quantile(0.99), atMost: 3)
        subject.service.stop()
        proxy.close()
    }
}

extension TierBenchmark {
    /// rivet-state with some tiers, and a client.
    final class Subject {
        let service: ServiceUnderTest
        let client: FrameClient
        private var updateID: Int64 = 0

        init(_ benchmark: TierBenchmark, _ name: String, _ environment: [String: String]) throws {
            service = try ServiceUnderTest(
                .state, directory: benchmark.directory + "/tier-" + name, run: name, environment: environment)
            client = try FrameClient(service.socketPath)
            for _ in 0..<200 { try save() }
        }

        func save() throws {
            updateID += 1
            try client.sendBytes(
                FrameClient.request("state.save", StateBenchmark.save(user: 0, updateID: updateID), id: 1))
            _ = try client.receiveBody()
        }

        func load(_ count: Int) throws -> ManyClients {
            try ManyClients(count: count, path: service.socketPath) { StateBenchmark.saves(user: $0 + 1) }
        }

        /// Saves of many users on one connection, 200 at a time.
        func pipeline(users: Range<Int>) throws {
            var next = users.lowerBound
            while next < users.upperBound {
                let chunk = next..<min(next + 200, users.upperBound)
                for user in chunk {
                    try client.sendBytes(
                        FrameClient.request("state.save", StateBenchmark.save(user: user, updateID: 1), id: 1))
                }
                for _ in chunk { _ = try client.receiveBody() }
                next = chunk.upperBound
            }
        }

        func pending() throws -> Int64 { try Self.pending(client) }

        static func pending(_ client: FrameClient) throws -> Int64 {
            let health = try client.result("service.health")
            return health["tiers"]?.arrayValue?.first?["pending"]?.integerValue ?? 0
        }
    }
}
