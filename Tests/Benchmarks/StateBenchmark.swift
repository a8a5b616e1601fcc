import Contracts
import TestSupport

/// `state.save` and `state.load` over the socket, beside a bare commit and a bare round trip.
struct StateBenchmark {
    var directory: String
    /// Floors and subjects alternate, so that a drift in the machine's speed affects both. The floors of a save
    /// alternate with it call by call: a disk that was idle for 0.2 ms is slower by a third, and a thread that was not
    /// called for so long wakes up later than in a row of calls.
    var rounds: Int
    var callsPerRound = 200

    static let data: JSONValue = [
        "nickname": "Main compressor", "manufacturer": "Siemens", "model_number": "3RQ2000-2AW00",
        "serial_number": nil, "photo_file_id": "AgACAgIAAxkBAAIBZ2ZkQ2VudHJhbF9waG90b19vZl9hX21hY2hpbmU",
    ]

    func run(_ report: inout Report) throws {
        let service = try ServiceUnderTest(.state, directory: directory)
        let client = try FrameClient(service.socketPath)
        let commit = try BareCommit(path: directory + "/bare.db")
        let load: [String: JSONValue] = ["user_id": "0", "chat_id": "0"]
        // The frames are made beforehand: the cost of a client's JSON is not the service's.
        var frames = (0..<200 + rounds * callsPerRound).reversed().map { number in
            FrameClient.request("state.save", Self.save(user: 0, updateID: Int64(number)), id: 1)
        }
        func save() throws {
            try client.sendBytes(frames.removeLast())
            _ = try client.receiveBody()
        }
        for _ in 0..<200 { try save() }
        let loadFrame = FrameClient.request("state.load", load, id: 1)
        let echo = try BareEcho(path: directory + "/echo.sock", answer: try Self.answer(client, loadFrame))

        var bareCommits: [Duration] = []
        var bareTrips: [Duration] = []
        var tripsInTurn: [Duration] = []
        var saves: [Duration] = []
        var loads: [Duration] = []
        for _ in 0..<rounds {
            for _ in 0..<callsPerRound {
                bareCommits += try Timings.measure(1) { try commit.commit(user: 0, data: Self.data.text) }
                tripsInTurn += try Timings.measure(1) { try echo.roundTrip(loadFrame) }
                saves += try Timings.measure(1) { try save() }
            }
            bareTrips += try Timings.measure(callsPerRound) { try echo.roundTrip(loadFrame) }
            loads += try Timings.measure(callsPerRound) {
                try client.sendBytes(loadFrame)
                _ = try client.receiveBody()
            }
        }
        let (commitFloor, tripFloor) = (Timings(bareCommits).median, Timings(bareTrips).median)
        let saveFloor = commitFloor + Timings(tripsInTurn).median
        report.note(
            "floors      bare commit p50 \(commitFloor.microseconds.text(0)) µs, bare round trip p50 "
                + "\(tripFloor.microseconds.text(0)) µs in a row, "
                + "\(Timings(tripsInTurn).median.microseconds.text(0)) µs in turn with commits")
        report.note(
            "state.save  p50 \(Timings(saves).median.microseconds.text(0)) µs, "
                + "p99 \(Timings(saves).quantile(0.99).microseconds.text(0)) µs; state.load p50 "
                + "\(Timings(loads).median.microseconds.text(0)) µs, "
                + "p99 \(Timings(loads).quantile(0.99).microseconds.text(0)) µs")
        report.check(
            "state.save p50 / (bare commit + bare round trip)",
            Timings(saves).median.microseconds / saveFloor.microseconds, atMost: 1.6)
        report.check(
            "state.load p50 / bare round trip", Timings(loads).median.microseconds / tripFloor.microseconds, atMost: 3)
        histogram(Timings(saves).median, &report)
        try many(service, commit, &report)
        service.stop()
    }

    /// The cost of counting a call in a histogram.
    private func histogram(_ save: Duration, _ report: inout Report) {
        let (histogram, records) = (LatencyHistogram(), 2_000_000)
        let rounds = (0..<5).map { _ in
            Timings.measure(1) {
                for number in 0..<records { histogram.record(nanoseconds: Int64(number & 0xFFF) << 10) }
            }[0] / records
        }
        let record = Timings(rounds).median
        report.note("histogram   \((record / .nanoseconds(1)).text(0)) ns a record")
        report.check("a histogram's record / state.save p50", record / save, digits: 4, atMost: 0.01)
    }

    /// 256 clients that save, beside bare commits one at a time.
    private func many(_ service: ServiceUnderTest, _ commit: BareCommit, _ report: inout Report) throws {
        let clients = try ManyClients(count: 256, path: service.socketPath) { Self.saves(user: $0 + 1) }
        _ = try clients.run(for: .milliseconds(300))
        var ratios: [Double] = []
        var rates: [Double] = []
        for round in 0..<max(3, rounds / 3) {
            let bare = try Timings.measure(callsPerRound) { try commit.commit(user: round + 1, data: Self.data.text) }
            let bareRate = Double(bare.count) / bare.reduce(.zero, +).seconds
            let rate = try clients.run(for: .milliseconds(500)).rate
            rates.append(rate)
            ratios.append(rate / bareRate)
        }
        let middle = ratios.count / 2
        report.note("256 clients  \(rates.sorted()[middle].text(0)) saves/s (median of \(rates.count) rounds)")
        report.check("256 clients' saves / bare commits one at a time", ratios.sorted()[middle], atLeast: 5)
    }

    private static func answer(_ client: FrameClient, _ frame: [UInt8]) throws -> [UInt8] {
        try client.sendBytes(frame)
        return try client.receiveBody() ?? []
    }

    /// A save as the gateway sends it, after Telegram got the offset that confirms the update before.
    static func save(user: Int, updateID: Int64) -> [String: JSONValue] {
        [
            "user_id": .string("\(user)"), "chat_id": .string("\(user)"), "step": "location", "data": data,
            "update_id": .integer(updateID), "settled_before": .integer(updateID),
        ]
    }

    /// The saves of one user, to be sent repeatedly in turn: an update is forgotten after eight others have followed
    /// it.
    static func saves(user: Int) -> [[UInt8]] {
        (1...64 as ClosedRange<Int64>).map { number in
            var save = save(user: user, updateID: number)
            save["settled_before"] = .integer(1_000)
            return FrameClient.request("state.save", save, id: 1)
        }
    }
}
