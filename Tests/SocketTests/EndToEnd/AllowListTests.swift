import Contracts
import Foundation
import Glibc
import TelegramSimulator
import TestSupport
import Testing

/// Who may use the bot, over reloads, restarts and kills: no one whom the operator did not allow gets in.
@Suite(.withProcesses)
struct AllowListTests {
    private static let help = "keeps a library"

    /// A gateway whose settings are in a file, with the services that it needs.
    private func run(
        _ file: String, _ body: (ReloadTests.Reloadable, TelegramSimulator) async throws -> Void
    ) async throws {
        let telegram = TelegramSimulator()
        let gateway = try ReloadTests.Reloadable(
            .gateway, file, ["TELEGRAM_API_URL": try await telegram.start(), "TELEGRAM_BOT_TOKEN": telegram.token])
        let services = try [RivetBinary.state, .library].map { try made($0, in: gateway.directory) }
        for service in services { try service.start() }
        do { try await body(gateway, telegram) } catch { Issue.record(error) }
        for service in services + [gateway.service] { try? service.kill() }
        await telegram.stop()
    }

    /// Returns those of `people` who are let in. They are handled in order, and each update is confirmed before the
    /// next one.
    private func admitted(_ people: [Int64], _ telegram: TelegramSimulator) async throws -> [Int64] {
        var admitted: [Int64] = []
        for id in people {
            let person = await telegram.user(id)
            let before = await telegram.allBotMessages(in: id).filter { $0.text.contains(Self.help) }.count
            try await telegram.waitUntilConfirmed(try await person.send("/help"), timeout: .seconds(30))
            let after = await telegram.allBotMessages(in: id).filter { $0.text.contains(Self.help) }.count
            if after > before { admitted.append(id) }
        }
        return admitted
    }

    @Test(arguments: [
        "", "\n", "# nothing\n", "RIVET_ALLOWED_USERS=\n", "RIVET_ALLOWED_USERS=\"\"\n", "RIVET_ALLOWED_USERS= \n",
    ])
    func `A list that a reload does not find: stays in force, even after a restart and a kill`(_ file: String)
        async throws
    {
        try await run("RIVET_ALLOWED_USERS=51\n") { gateway, telegram in
            #expect(try await admitted([51, 52], telegram) == [51])
            _ = try gateway.reload(file)
            #expect(try await admitted([51, 52], telegram) == [51])
            let health = try gateway.service.client().result("service.health")
            #expect(health["detail"]?.stringValue?.contains("RIVET_ALLOWED_USERS is not set any more") == true)
            #expect(gateway.service.log.contains("the last list (1 id) stays in force"))
            for _ in 0..<2 {
                try gateway.service.kill()
                try gateway.service.start()
                #expect(try await admitted([51, 52], telegram) == [51])
            }
            _ = try gateway.reload("RIVET_ALLOWED_USERS=*\n")
            #expect(try await admitted([51, 52], telegram) == [51, 52])
            try gateway.directory.write("", to: "rivet.env")
            try gateway.service.restart()
            #expect(try await admitted([51, 52], telegram) == [51, 52])
            #expect(try gateway.service.client().result("service.health")["detail"] == .null)
        }
    }

    /// As an editor on another system saves it.
    @Test(arguments: [
        "RIVET_ALLOWED_USERS=51\r\nRIVET_LOG_LEVEL=info\r\n", "# a comment\r\nRIVET_ALLOWED_USERS=51\r\n",
        "RIVET_LOG_LEVEL=info\r\nRIVET_ALLOWED_USERS=51\r\n", "RIVET_LOG_LEVEL=info\r\n\r\n",
    ])
    func `A settings file with CRLF ends, reloaded: the list holds`(_ file: String) async throws {
        try await run("RIVET_ALLOWED_USERS=51\n") { gateway, telegram in
            #expect(try await admitted([51, 52], telegram) == [51])
            _ = try gateway.reload(file)
            #expect(try await admitted([51, 52], telegram) == [51])
        }
    }

    @Test func `A missing settings file: nothing changes, and only a wrong list stops a start`() async throws {
        try await run("RIVET_ALLOWED_USERS=51\n") { gateway, telegram in
            try FileManager.default.removeItem(atPath: gateway.directory.path + "/rivet.env")
            gateway.manager.drain()
            try gateway.service.process.signal(SIGHUP)
            #expect(try gateway.manager.ready().contains("all settings stay as they were"))
            #expect(try await admitted([52, 51], telegram) == [51])
            for wrong in ["ada", "0", "51;52", "*,51", "@ada"] {
                #expect(try gateway.reload("RIVET_ALLOWED_USERS=\(wrong)\n").contains("all settings stay as they were"))
                #expect(try await admitted([52, 51], telegram) == [51], "\(wrong)")
            }
            try gateway.service.stop()
            #expect(try gateway.service.launch().wait() == 78)
        }
    }

    /// The gateway is killed at the reload, and started again without any list.
    @Test(arguments: ["file.written", "file.synced", "file.renamed", "file.durable"])
    func `A kill while a list is remembered: the earlier or the new one is in force`(_ point: String) async throws {
        try await run("RIVET_ALLOWED_USERS=51,54\n") { gateway, telegram in
            try gateway.service.stop()
            // The list is remembered already, so the reload is the first time that the kill point is reached.
            try gateway.service.start(["RIVET_KILL_AT": point])
            try gateway.directory.write("RIVET_ALLOWED_USERS=52,54\n", to: "rivet.env")
            try gateway.service.process.signal(SIGHUP)
            #expect(try gateway.service.process.wait() == 128 + SIGKILL)
            try gateway.directory.write("", to: "rivet.env")
            try gateway.service.start()
            let isNew = ["file.renamed", "file.durable"].contains(point)
            #expect(try await admitted([51, 52, 53, 54], telegram) == (isNew ? [52, 54] : [51, 54]))
        }
    }

    @Test(arguments: ["file.written", "file.synced", "file.renamed", "file.durable"])
    func `A kill while the first list is remembered: it is in force afterwards`(_ point: String) async throws {
        try await run("RIVET_LOG_LEVEL=info\n") { gateway, telegram in
            try gateway.service.stop()
            try FileManager.default.removeItem(atPath: gateway.service.stateDirectory + "/gateway.allowed")
            try gateway.directory.write("RIVET_ALLOWED_USERS=51\n", to: "rivet.env")
            #expect(try gateway.service.launch(["RIVET_KILL_AT": point]).wait() == 128 + SIGKILL)
            try gateway.directory.write("", to: "rivet.env")
            try gateway.service.start()
            #expect(try await admitted([52, 51], telegram) == [51])
        }
    }

    @Test func `A damaged note without a list: everyone is refused, and health says so`() async throws {
        try await run("RIVET_LOG_LEVEL=info\n") { gateway, telegram in
            #expect(try await admitted([51], telegram) == [51])
            try gateway.service.stop()
            try gateway.directory.write("nonsense", to: "state/gateway.allowed")
            try gateway.service.start()
            #expect(try await admitted([51, 52], telegram) == [])
            let health = try gateway.service.client().result("service.health")
            #expect(health["status"] == "degraded")
            #expect(health["detail"]?.stringValue?.contains("everyone is refused") == true)
            _ = try gateway.reload("RIVET_ALLOWED_USERS=52\n")
            #expect(try await admitted([51, 52], telegram) == [52])
            #expect(try gateway.service.client().result("service.health")["status"] == "ok")
        }
    }

    @Test func `A listed group: its people are let in there only, also after it becomes a supergroup`() async throws {
        let (group, supergroup): (Int64, Int64) = (-500, -1_001_000_000_500)
        try await run("RIVET_ALLOWED_USERS=\(group)\n") { gateway, telegram in
            await telegram.group(group, title: "Hall 3")
            let eve = await telegram.user(66)
            _ = try await eve.in(group).ask("/help@rivet_bot", timeout: .seconds(20))
            #expect(try await admitted([66], telegram) == [])
            // A group that is not listed gets no reply.
            await telegram.group(-501, title: "Elsewhere")
            try await telegram.waitUntilConfirmed(try await eve.in(-501).send("/help@rivet_bot"))
            #expect(await telegram.botMessageCount(in: -501) == 0)
            _ = try await telegram.migrate(group: group, to: supergroup, by: 66)
            _ = try await eve.in(supergroup).ask("/help@rivet_bot", timeout: .seconds(20))
            try gateway.service.kill()
            try gateway.directory.write("", to: "rivet.env")
            try gateway.service.start()
            _ = try await eve.in(supergroup).ask("/help@rivet_bot", timeout: .seconds(20))
            #expect(try await admitted([66], telegram) == [])
        }
    }
}
