import Contracts
import Foundation
import Glibc
import TelegramSimulator
import TestSupport
import Testing

/// The messages that a service sends to systemd about itself.
@Suite(.withProcesses)
struct SupervisionTests {
    static let watchdog = Duration.milliseconds(450)
    /// Three times as long as systemd would wait.
    static let silence = Duration.milliseconds(1_350)

    // MARK: The watchdog

    @Test(arguments: [RivetBinary.state, .library])
    func `A service that works: pings three times within the watchdog's time`(_ binary: RivetBinary) throws {
        let directory = try TestDirectory()
        let manager = try ServiceManager(in: directory)
        let service = try made(binary, manager.environment(watchdog: .seconds(3)), in: directory)
        try service.start()
        try manager.ready()
        #expect(!manager.messages.contains("WATCHDOG=1"))
        var moments: [ContinuousClock.Instant] = []
        for _ in 0..<4 {
            try manager.nextPing(within: .seconds(3))
            moments.append(.now)
        }
        #expect(moments[3] - moments[0] > .milliseconds(2_500))
    }

    @Test func `A service without a watchdog: does not ping`() throws {
        let directory = try TestDirectory()
        let manager = try ServiceManager(in: directory)
        let service = try made(.state, manager.environment(), in: directory)
        try service.start()
        try manager.ready()
        #expect(manager.hasNoPing(for: .milliseconds(500)))
    }

    @Test func `A store that stalls: stops the pings`() throws {
        try expectSilence(at: "store.turn", part: "storing") { _ in }
    }

    @Test func `An event loop that stalls: stops the pings`() throws {
        try expectSilence(at: "calls.begin", part: "answering calls") { service in
            // The loop stalls while it handles this call, so no response comes.
            try service.client().sendBytes(FrameClient.request("service.health", [:], id: 1))
        }
    }

    @Test func `A gateway that accepts no more updates: stops the pings`() async throws {
        let directory = try TestDirectory()
        let (stall, manager) = (directory.path + "/stall", try ServiceManager(in: directory))
        let telegram = TelegramSimulator()
        let gateway = try made(
            .gateway,
            manager.environment(watchdog: Self.watchdog).merging([
                "RIVET_STALL_AT": "gateway.received:\(stall)", "TELEGRAM_API_URL": try await telegram.start(),
                "TELEGRAM_BOT_TOKEN": telegram.token,
            ]) { $1 }, in: directory)
        try gateway.start()
        try manager.ready()
        try manager.nextPing()
        try directory.write("", to: "stall")
        try await telegram.user(71).send("/help")
        try manager.next("what is stuck", within: .seconds(30)) { $0.contains("STATUS=stuck: receiving") }
        #expect(manager.hasNoPing(for: Self.silence))
        #expect(gateway.log.contains("part=receiving"))
        unlink(stall)
        try manager.nextPing()
        try gateway.kill()
        await telegram.stop()
    }

    /// Makes a part of the service stand still, and lets it continue.
    private func expectSilence(
        at point: String, part: String, _ trigger: (RivetProcess) throws -> Void,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let directory = try TestDirectory()
        let (stall, manager) = (directory.path + "/stall", try ServiceManager(in: directory))
        let service = try made(
            .state,
            manager.environment(watchdog: Self.watchdog).merging(["RIVET_STALL_AT": "\(point):\(stall)"]) { $1 },
            in: directory)
        try service.start()
        try manager.ready()
        try manager.nextPing()
        try directory.write("", to: "stall")
        try trigger(service)
        try manager.next("what is stuck", within: .seconds(5)) { $0.hasPrefix("STATUS=stuck: \(part);") }
        #expect(manager.hasNoPing(for: Self.silence), sourceLocation: sourceLocation)
        #expect(service.log.contains("critical: a part of the service is stuck"), sourceLocation: sourceLocation)
        #expect(service.log.contains("part=\(part)"), sourceLocation: sourceLocation)
        unlink(stall)
        try manager.nextPing()
        #expect(service.log.contains("what was stuck works again"), sourceLocation: sourceLocation)
    }

    @Test func `Tiers that are unavailable: do not stop the pings`() throws {
        let directory = try TestDirectory()
        let manager = try ServiceManager(in: directory)
        let service = try made(
            .state,
            manager.environment(watchdog: Self.watchdog).merging([
                "NEON_DATABASE_URL": "postgresql://rivet:secret-word@127.0.0.1:9/rivet"
            ]) { $1 }, in: directory)
        try service.launch()
        try manager.ready()
        for _ in 0..<8 { try manager.nextPing(within: Self.watchdog) }
        let status = try #require(manager.messages.first { $0.hasPrefix("STATUS=") && $0.contains("last trouble") })
        #expect(status.contains("neon down") && status.contains("a tier is away"), "\(status)")
        #expect(status.split(separator: "\n").count == 1)
        #expect(!manager.messages.contains { $0.contains("secret-word") })
    }

    @Test func `A Telegram that is unavailable: does not stop the pings`() throws {
        let directory = try TestDirectory()
        let manager = try ServiceManager(in: directory)
        let gateway = try made(
            .gateway,
            manager.environment(watchdog: Self.watchdog).merging([
                "TELEGRAM_API_URL": "http://127.0.0.1:9", "TELEGRAM_BOT_TOKEN": "1:secret-word",
            ]) { $1 }, in: directory)
        try gateway.launch()
        try manager.ready()
        for _ in 0..<8 { try manager.nextPing(within: Self.watchdog) }
        if !manager.messages.contains(where: { $0.contains("Telegram cannot be reached") }) {
            try manager.next("Telegram in the status") { $0.contains("Telegram cannot be reached") }
        }
        #expect(!manager.messages.contains { $0.contains("secret-word") })
    }

    // MARK: The end

    @Test func `A stop: reported before it begins`() throws {
        let directory = try TestDirectory()
        let manager = try ServiceManager(in: directory)
        let service = try made(.state, manager.environment(watchdog: Self.watchdog), in: directory)
        try service.start()
        try manager.ready()
        try manager.nextPing()
        manager.drain()
        #expect(try service.stop() == 0)
        manager.drain()
        let stopping = try #require(manager.messages.firstIndex { $0.hasPrefix("STOPPING=1") })
        #expect(!manager.messages[stopping...].contains("WATCHDOG=1"))
        #expect(manager.messages.count { $0.hasPrefix("STOPPING=1") } == 1)
    }

    // MARK: The start

    @Test func `A start that takes long and makes progress: asks for more time`() throws {
        let directory = try TestDirectory()
        let manager = try ServiceManager(in: directory)
        let service = try made(.state, manager.environment(watchdog: Self.watchdog), in: directory)
        // An earlier process left this many records that only its memory had: more than a second's work.
        let count = 60_000
        let moment = Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1_000))
        var lines = ""
        for index in 0..<count { lines += line(user: index, at: moment) }
        try FileManager.default.createDirectory(atPath: directory.path + "/run", withIntermediateDirectories: true)
        try directory.write(lines, to: "run/state.journal")
        try service.launch()
        try manager.ready(within: .seconds(120))
        let asked = manager.messages.filter { $0.hasPrefix("EXTEND_TIMEOUT_USEC=30000000\nSTATUS=starting: ") }
        #expect(!asked.isEmpty && asked.count == manager.messages.count - 1, "\(manager.messages)")
        #expect(asked.allSatisfy { $0.contains("had in memory only") })
        let listed = try service.client().result("state.load", conversation("user-7"))
        #expect(listed["state"]?["step"] == "nickname")
    }

    /// One record in the spill file.
    private func line(user: Int, at moment: Timestamp) -> String {
        let json: JSONValue = [
            "key": .string(JSONValue.array([.string("user-\(user)"), .string("user-\(user)"), "add_machine"]).text),
            "revision": .integer(Revision(at: moment).rawValue), "closed": false, "step": "nickname", "data": [:],
            "started_at": .integer(moment.milliseconds), "updated_at": .integer(moment.milliseconds),
            "expires_at": .integer(moment.milliseconds + 3_600_000), "applied_updates": "[]",
        ]
        let text = json.serialized()
        let sum = text.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        return String(sum, radix: 16) + " " + String(decoding: text, as: UTF8.self) + "\n"
    }
}
