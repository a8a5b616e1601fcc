import Contracts
import Foundation
import Glibc
import TestSupport

/// The cost of a save with one tier, beside the same save by the binaries of an earlier commit, alternating in one run.
///
/// `RIVET_BENCH_BASELINE` names the directory of those binaries; without it this part is skipped. The rows are those of
/// a regular user: an earlier Rivet stores the last 128 updates in each, a later one those that Telegram may deliver
/// again.
struct SaveCostBenchmark {
    var directory: String
    var rounds: Int
    private static let savesPerRound = 100
    /// As many as an earlier Rivet stores.
    private static let savesBefore = 128

    func run(_ report: inout Report) throws {
        guard let baseline = ProcessInfo.processInfo.environment["RIVET_BENCH_BASELINE"] else {
            return report.note("RIVET_BENCH_BASELINE is not set: a save is not compared with that of an earlier commit")
        }
        // Each version has a separate PostgreSQL server, so that its processor time is counted separately.
        let old = try Subject(self, "old", binaries: baseline, isSettledTold: false)
        let new = try Subject(self, "new", binaries: nil, isSettledTold: true)
        for subject in [old, new] { for _ in 0..<Self.savesBefore { try subject.save() } }
        for subject in [old, new] { try subject.begin() }
        for _ in 0..<rounds {
            for _ in 0..<Self.savesPerRound { for subject in [old, new] { try subject.measureSave() } }
        }
        let costs = (old: try old.cost(), new: try new.cost())
        for (name, cost) in [("before", costs.old), ("now", costs.new)] {
            report.note("a save \(name): \(cost.text)")
        }
        report.check("state.save p50 with one tier / before", costs.new.time / costs.old.time, atMost: 0.7)
        report.check("PostgreSQL's processor time a save / before", costs.new.server / costs.old.server, atMost: 0.5)
        report.check("WAL frames a save of SQLite", costs.new.frames, atMost: 3)
        report.check("bytes written a save / before", costs.new.bytes / costs.old.bytes, atMost: 0.5)
        // A new row needs a place in each index, and a note for the tier.
        let (firstOld, firstNew) = (try old.firstSaves(), try new.firstSaves())
        report.note("the first save of a conversation: \(firstOld.text(2)) WAL frames before, \(firstNew.text(2)) now")
        for subject in [old, new] { subject.service.stop() }
    }

    /// The cost of one save.
    private struct Cost {
        /// The median.
        var time: Duration
        /// Processor time in seconds.
        var server: Double
        var frames: Double
        var bytes: Double

        var text: String {
            "p50 \(time.microseconds.text(0)) µs, PostgreSQL \((server * 1e6).text(0)) µs of a processor, "
                + "\(frames.text(2)) WAL frames, \((bytes / 1_024).text(1)) KiB written by the service"
        }
    }

    private final class Subject {
        let service: ServiceUnderTest
        private let client: FrameClient
        private let cluster: PostgresCluster
        private let isSettledTold: Bool
        private let sharedMemoryPath: String
        private var updateID: Int64 = 0
        private var times: [Duration] = []
        private var frames = 0
        private var framesBefore: UInt32 = 0
        private var serverBefore = Duration.zero
        private var bytesBefore = 0

        init(_ benchmark: SaveCostBenchmark, _ name: String, binaries: String?, isSettledTold: Bool) throws {
            self.isSettledTold = isSettledTold
            cluster = try PostgresCluster(isDurable: true)
            try cluster.createDatabase(name)
            let path = benchmark.directory + "/cost-" + name
            service = try ServiceUnderTest(
                .state, directory: path, run: "cost-" + name,
                environment: ["NEON_DATABASE_URL": cluster.url(database: name)], binaries: binaries)
            sharedMemoryPath = path + "/state/state.db-shm"
            client = try FrameClient(service.socketPath)
        }

        func save(user: Int = 0) throws {
            updateID += 1
            var save = StateBenchmark.save(user: user, updateID: updateID)
            if !isSettledTold { save["settled_before"] = nil }
            try client.sendBytes(FrameClient.request("state.save", save, id: 1))
            _ = try client.receiveBody()
        }

        func begin() throws {
            framesBefore = try framesInLog()
            serverBefore = serverTime
            bytesBefore = try bytesWritten()
        }

        func measureSave() throws {
            times += try Timings.measure(1) { try save() }
            frames += try framesSince()
        }

        /// WAL frames for the first save of a person, on average over 100 new people.
        func firstSaves() throws -> Double {
            let count = 100
            framesBefore = try framesInLog()
            let frames = try (1...count).reduce(0) { sum, user in
                try save(user: user)
                return sum + (try framesSince())
            }
            return Double(frames) / Double(count)
        }

        private func framesSince() throws -> Int {
            let now = try framesInLog()
            defer { framesBefore = now }
            // After a checkpoint the log starts over.
            return Int(now >= framesBefore ? now - framesBefore : now)
        }

        func cost() throws -> Cost {
            let count = Double(times.count)
            return Cost(
                time: Timings(times).median,
                server: (serverTime - serverBefore).seconds / count,
                frames: Double(frames) / count, bytes: Double(try bytesWritten() - bytesBefore) / count)
        }

        /// Processor time of all the server's processes, as the scheduler counts it (proc(5), schedstat): clock ticks
        /// are too coarse for short work.
        private var serverTime: Duration {
            let times = cluster.processIDs.map { process in
                let text = try? String(contentsOfFile: "/proc/\(process)/schedstat", encoding: .utf8)
                return Duration.nanoseconds(text?.split(separator: " ").first.flatMap { Int64($0) } ?? 0)
            }
            return times.reduce(.zero, +)
        }

        /// The bytes that the service has caused the disk to write (proc(5), write_bytes).
        private func bytesWritten() throws -> Int {
            let name = "write_bytes: "
            let text = try String(contentsOfFile: "/proc/\(service.process.processID)/io", encoding: .utf8)
            return text.split(separator: "\n").first { $0.hasPrefix(name) }.flatMap { Int($0.dropFirst(name.count)) }
                ?? 0
        }

        /// `mxFrame` in the log's index (sqlite.org/walformat.html): 4 bytes in the byte order of this machine.
        private func framesInLog() throws -> UInt32 {
            let file = try FileHandle(forReadingFrom: URL(filePath: sharedMemoryPath))
            defer { try? file.close() }
            try file.seek(toOffset: 16)
            let bytes = try file.read(upToCount: 4) ?? Data()
            return bytes.enumerated().reduce(0) { $0 | UInt32($1.element) << (8 * UInt32($1.offset)) }
        }
    }
}
