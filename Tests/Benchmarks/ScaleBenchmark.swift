import Contracts
import Foundation
import Glibc
import Migrations
import TestSupport

/// The cost of a service with much data.
struct ScaleBenchmark {
    static let conversations = 100_000
    /// The machines of each person; a thousand of them are also the small library with which the large one is compared.
    static let machinesOfOne = 1_000

    var directory: String
    /// The number of machines in the large library.
    var machines: Int
    var calls: Int

    func run(_ report: inout Report) throws {
        try openConversations(&report)
        try library(&report)
    }

    // MARK: Conversations

    private func openConversations(_ report: inout Report) throws {
        let path = directory + "/scale-state"
        try FileManager.default.createDirectory(atPath: path + "/state", withIntermediateDirectories: true)
        try Self.fillConversations(path + "/state/state.db", count: Self.conversations, expiringIn: "+20 seconds")
        let service = try ServiceUnderTest(
            .state, directory: path, run: "scale", environment: ["RIVET_SWEEP_INTERVAL": "24h"])
        report.check(
            "\(Self.conversations) open conversations: rivet-state ready", service.readyAfter.seconds, atMost: 2, " s")
        let client = try FrameClient(service.socketPath)
        let live = try ManyClients(count: 4, path: service.socketPath) { StateBenchmark.saves(user: $0) }
        // Every conversation is loaded, so that the memory for them counts.
        for first in stride(from: 1_000, to: 1_000 + Self.conversations, by: 200) {
            for user in first..<(first + 200) {
                try client.send("state.load", ["user_id": .string("\(user)"), "chat_id": .string("\(user)")])
            }
            for _ in 0..<200 { _ = try client.receiveBody() }
        }
        report.check(
            "resident memory then", Double(service.process.residentBytes ?? 0) / 1_048_576, digits: 0, atMost: 250,
            " MiB")
        let quiet = try live.run(for: .seconds(3))
        // They have expired meanwhile, by the times in their rows.
        while try client.result("state.load", ["user_id": "1000", "chat_id": "1000"])["state"]?.isNull == false {
            Thread.sleep(forTimeInterval: 0.1)
        }
        let sweeper = try FrameClient(service.socketPath, receiveTimeout: .seconds(120))
        try sweeper.send("state.sweep")
        let during = try live.run(for: .seconds(120)) { !sweeper.hasAnswer }
        let deleted = try sweeper.response()["result"]?["deleted"]?.integerValue ?? 0
        // The service's own first sweep, a minute after its start, may do a part of the work.
        let left = try sweeper.result("state.sweep")["deleted"]?.integerValue ?? .max
        report.note("\(deleted) expired conversations removed by the sweep that was asked for")
        report.check("expired conversations left after it", Double(left), digits: 0, atMost: 1)
        report.check(
            "live p99 during the sweep / quiet p99",
            Timings(during.latencies).quantile(0.99) / Timings(quiet.latencies).quantile(0.99), atMost: 3)
        service.stop()
    }

    /// Makes a store with conversations of the users from 1,000 on.
    ///
    /// They are saved a second before they expire: the service would not yet sweep conversations from before it watched
    /// its clock.
    ///
    /// - Parameter expiry: a modifier of SQLite's date functions, from now on.
    static func fillConversations(_ path: String, count: Int, expiringIn expiry: String) throws {
        let database = try BareDatabase(path: path, store: .conversations)
        let data = StateBenchmark.data.text.replacing("'", with: "''")
        // As many as the row of a regular user has.
        let applied = (1...8).map { "[\($0),117660319592611840,1795440397690]" }.joined(separator: ",")
        try database.execute(
            """
            WITH RECURSIVE n(i) AS (SELECT 1000 UNION ALL SELECT i + 1 FROM n WHERE i < \(999 + count))
            INSERT INTO conversation_states (user_id, chat_id, conversation_type, current_step, state_data, started_at,
                updated_at, expires_at, revision, closed, applied_updates)
            SELECT i, i, 'add_machine', 'serial', '\(data)', strftime('%Y-%m-%d %H:%M:%f', 'now'),
                strftime('%Y-%m-%d %H:%M:%f', 'now', '\(expiry)', '-1 seconds'),
                strftime('%Y-%m-%d %H:%M:%f', 'now', '\(expiry)'),
                CAST(strftime('%s', 'now') AS INTEGER) * 1000 * 65536 + 65536000, 0, '[\(applied)]' FROM n
            """)
    }

    // MARK: Machines

    private func library(_ report: inout Report) throws {
        let small = try Library(directory + "/library-small", "small", machines: Self.machinesOfOne)
        let large = try Library(directory + "/library-large", "large", machines: machines)
        for (name, request) in [
            ("check_nickname", Library.check), ("list", Library.list), ("word search", Library.search),
        ] {
            var (smalls, larges) = ([Duration](), [Duration]())
            for call in 0..<calls {
                smalls += try Timings.measure(1) { try small.call(request(call)) }
                larges += try Timings.measure(1) { try large.call(request(call)) }
            }
            report.check(
                "\(name) among \(machines) machines: p99 / among \(Self.machinesOfOne)",
                Timings(larges).quantile(0.99) / Timings(smalls).quantile(0.99), atMost: 3)
        }
        small.service.stop()
        large.service.stop()
    }
}

extension FrameClient {
    /// Whether a response can be received now.
    fileprivate var hasAnswer: Bool {
        var polled = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&polled, 1, 0) > 0
    }
}

extension ScaleBenchmark {
    /// rivet-library with many machines, a thousand for each person.
    final class Library {
        let service: ServiceUnderTest
        private let client: FrameClient

        init(_ directory: String, _ name: String, machines: Int) throws {
            try FileManager.default.createDirectory(atPath: directory + "/state", withIntermediateDirectories: true)
            let database = try BareDatabase(path: directory + "/state/library.db", store: .machines)
            try database.execute(
                """
                WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < \(machines - 1))
                INSERT INTO user_machines (user_id, nickname, manufacturer, model_number, serial_number, location, notes,
                    created_at, updated_at, machine_id, revision, nickname_key)
                SELECT 'p' || (i / \(machinesOfOne)), 'Pump ' || i, 'Maker' || (i % 97), 'M-' || (i % 1009),
                    'S' || i, 'Hall ' || (i % 31), 'seal changed, pump runs well', '2026-11-22 09:30:00.250',
                    '2026-11-22 09:30:00.250', printf('%08x-0000-4000-8000-%012x', i, i), 117660319592611840 + i,
                    'pump ' || i FROM n
                """)
            service = try ServiceUnderTest(.library, directory: directory, run: name)
            client = try FrameClient(service.socketPath)
        }

        func call(_ frame: [UInt8]) throws {
            try client.sendBytes(frame)
            _ = try client.receiveBody()
        }

        static func check(_ call: Int) -> [UInt8] {
            FrameClient.request(
                "library.check_nickname", ["user_id": "p0", "nickname": .string("Pump \(call % 1_500)")], id: 1)
        }

        static func list(_ call: Int) -> [UInt8] { FrameClient.request("library.list", ["user_id": "p0"], id: 1) }

        static func search(_ call: Int) -> [UInt8] {
            FrameClient.request(
                "library.list", ["user_id": "p0", "query": .string("hall \(call % 31) maker\(call % 97)")], id: 1)
        }
    }
}
