import Contracts
import Foundation
import Glibc
import TestSupport

/// The cost of a backup for clients that save during it, and a check that it has every save acknowledged before it.
struct BackupBenchmark {
    static let clients = 256
    static let rounds = 3

    var directory: String
    /// The number of conversations in the store.
    var conversations: Int

    func run(_ report: inout Report) throws {
        let path = directory + "/backup"
        try FileManager.default.createDirectory(atPath: path + "/state", withIntermediateDirectories: true)
        try ScaleBenchmark.fillConversations(path + "/state/state.db", count: conversations, expiringIn: "+1 day")
        var state = try ServiceUnderTest(.state, directory: path, run: "backup")
        var library = try ServiceUnderTest(.library, directory: path, run: "backup")
        let load = try ManyClients(count: Self.clients, path: state.socketPath) {
            StateBenchmark.saves(user: 1_000 + $0)
        }
        _ = try load.run(for: .seconds(1))
        var (times, ratios): ([Double], [Double]) = ([], [])
        for round in 0..<Self.rounds {
            let quiet = try load.run(for: .seconds(2))
            let marked = try FrameClient(state.socketPath).result(
                "state.save", StateBenchmark.save(user: -round, updateID: 1))
            let start = ContinuousClock.now
            let backup = try control(path, "backup", "\(path)/backup-\(round)")
            var (lastLook, logBytes) = (start, 0)
            let during = try load.run(for: .seconds(60)) {
                guard .now - lastLook > .milliseconds(1) else { return true }
                lastLook = .now
                logBytes = max(logBytes, Self.logBytes(path))
                return backup.isRunning
            }
            times.append((.now - start).seconds)
            try Self.require(backup, path)
            let (slow, usual) = (Timings(during.latencies).quantile(0.99), Timings(quiet.latencies).quantile(0.99))
            ratios.append(slow / usual)
            report.note(
                "backup \(round): \(times[round].text(2)) s; p99 \((usual.microseconds / 1_000).text(1)) ms and then "
                    + "\((slow.microseconds / 1_000).text(1)) ms of \(during.latencies.count) saves, the longest "
                    + "\(((during.latencies.max() ?? .zero).microseconds / 1_000).text(1)) ms; revision "
                    + "\(marked["revision"]?.integerValue ?? 0); the log grew to \(logBytes >> 20) MiB")
        }
        _ = try load.run(for: .seconds(1))
        report.note("the log a second later: \(Self.logBytes(path) >> 20) MiB")
        report.check(
            "backup of \(conversations) conversations under \(Self.clients) saving clients", times.sorted()[1],
            atMost: 2, " s")
        report.check("live p99 during a backup / quiet p99", ratios.sorted()[1], atMost: 3)
        state.stop()
        library.stop()
        let last = Self.rounds - 1
        try Self.require(try control(path, "restore", "\(path)/backup-\(last)"), path)
        state = try ServiceUnderTest(.state, directory: path, run: "backup")
        library = try ServiceUnderTest(.library, directory: path, run: "backup")
        let client = try FrameClient(state.socketPath)
        let missing = try (0...last).map { -$0 }.count { user in
            let key: [String: JSONValue] = ["user_id": .string("\(user)"), "chat_id": .string("\(user)")]
            return try client.result("state.load", key)["state"]?["step"] != "location"
        }
        report.check("saves from before the backup that are missing after a restore", Double(missing), atMost: 0.5)
        state.stop()
        library.stop()
    }

    private func control(_ path: String, _ arguments: String...) throws -> ChildProcess {
        try ChildProcess(
            RivetBinary.control.path, arguments: arguments,
            environment: [
                "RIVET_STATE_DIR": path + "/state", "RIVET_RUNTIME_DIR": "/tmp/rivet-bench-\(getpid())-backup",
            ], log: path + "/rivetctl.log")
    }

    private static func logBytes(_ path: String) -> Int {
        var status = stat()
        return stat(path + "/state/state.db-wal", &status) == 0 ? Int(status.st_size) : 0
    }

    private static func require(_ process: ChildProcess, _ path: String) throws {
        let status = process.wait()
        guard status == 0 else {
            let log = try String(contentsOfFile: path + "/rivetctl.log", encoding: .utf8)
            throw FrameClient.Failure(description: "rivetctl ended with \(status): \(log)")
        }
    }
}
