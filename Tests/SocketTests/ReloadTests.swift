import Contracts
import Foundation
import Glibc
import Synchronization
import TelegramSimulator
import TestSupport
import Testing

/// SIGHUP: the service reads its settings again, and the process continues.
@Suite(.withProcesses)
struct ReloadTests {
    /// A service with a settings file, and a `ServiceManager` in place of systemd.
    struct Reloadable {
        let directory: TestDirectory
        let manager: ServiceManager
        let service: RivetProcess

        init(_ binary: RivetBinary, _ file: String, _ environment: [String: String] = [:]) throws {
            directory = try TestDirectory()
            manager = try ServiceManager(in: directory)
            try directory.write(file, to: "rivet.env")
            service = try made(
                binary,
                manager.environment().merging(["RIVET_ENV_FILE": directory.path + "/rivet.env", "RIVET_LOG_LEVEL": ""])
                { $1 }
                .merging(environment) { $1 }, in: directory)
            try service.start()
            try manager.ready()
        }

        /// Writes `file` and lets the service read it.
        /// - Returns: the service's message when the reload ended.
        func reload(_ file: String) throws -> String {
            manager.drain()
            try directory.write(file, to: "rivet.env")
            try service.process.signal(SIGHUP)
            let began = try manager.next("RELOADING=1") { $0.hasPrefix("RELOADING=1\n") }
            #expect(began.contains("\nMONOTONIC_USEC="))
            return try manager.ready()
        }
    }

    @Test func `The log level: changed by a reload`() throws {
        let reloadable = try Reloadable(.state, "RIVET_LOG_LEVEL=error\n")
        #expect(!reloadable.service.log.contains("ready"))
        _ = try reloadable.reload("RIVET_LOG_LEVEL=info\n")
        #expect(reloadable.service.log.contains("the settings were read again changed=RIVET_LOG_LEVEL"))
        _ = try reloadable.reload("RIVET_LOG_LEVEL=info\n")
        #expect(reloadable.service.log.contains("the settings were read again changed=nothing"))
        let length = reloadable.service.log.utf8.count
        _ = try reloadable.reload("RIVET_LOG_LEVEL=error\n")
        #expect(reloadable.service.log.utf8.count == length)
    }

    @Test(arguments: ["RIVET_LOG_LEVEL=loud\n", "A=\0\n", "NEON_DATABASE_URL=hush\nRIVET_LOG_LEVEL=error\n"])
    func `A wrong setting: changes nothing`(_ file: String) throws {
        let reloadable = try Reloadable(.state, "RIVET_LOG_LEVEL=info\n")
        let status = try reloadable.reload(file)
        #expect(status.contains("last trouble") && status.contains("all settings stay as they were"), "\(status)")
        #expect(reloadable.service.log.contains("error: a reload found a setting that is wrong"))
        #expect(!reloadable.service.log.contains("hush") && !status.contains("hush"))
        #expect(try reloadable.service.client().result("service.health")["status"] == "ok")
        // The log level is unchanged, too.
        _ = try reloadable.reload("RIVET_LOG_LEVEL=info\n")
        #expect(reloadable.service.log.contains("the settings were read again changed=nothing"))
    }

    @Test func `A setting that needs a restart: reported`() throws {
        let reloadable = try Reloadable(.state, "RIVET_CONVERSATION_TTL=1h\n")
        _ = try reloadable.reload("RIVET_CONVERSATION_TTL=2h\nRIVET_DURABILITY=local\n")
        #expect(
            reloadable.service.log.contains(
                "take effect with a restart only service=rivet-state settings=RIVET_CONVERSATION_TTL, RIVET_DURABILITY")
        )
    }

    @Test func `The allow-list: changed by a reload`() async throws {
        let telegram = TelegramSimulator()
        let reloadable = try Reloadable(
            .gateway, "RIVET_ALLOWED_USERS=51\n",
            ["TELEGRAM_API_URL": try await telegram.start(), "TELEGRAM_BOT_TOKEN": telegram.token])
        let services = try [RivetBinary.state, .library].map { try made($0, in: reloadable.directory) }
        for service in services { try service.start() }
        let (ada, bob, eve) = (await telegram.user(51), await telegram.user(52), await telegram.user(53))
        func answer(to person: Person) async throws -> String {
            try await person.send("/help")
            return try await person.nextMessage(timeout: .seconds(20)).text
        }
        let (help, refusal) = (try await answer(to: ada), try await answer(to: bob))
        try #require(help != refusal)
        _ = try reloadable.reload("RIVET_ALLOWED_USERS=51,52\n")
        #expect(try await answer(to: bob) == help)
        _ = try reloadable.reload("RIVET_ALLOWED_USERS=52\n")
        #expect(try await answer(to: ada) != help)
        // An empty list must not let everyone in.
        _ = try reloadable.reload("RIVET_ALLOWED_USERS=,\n")
        #expect(try await answer(to: eve) != help)
        for service in services + [reloadable.service] { try service.kill() }
        await telegram.stop()
    }

    /// As a Windows editor saves the file: CRLF, a comment first, and a byte order mark.
    @Test(arguments: [
        "RIVET_ALLOWED_USERS=61\r\n", "# who may use the bot\r\nRIVET_ALLOWED_USERS=61\r\nRIVET_LOG_LEVEL=info\r\n",
        "\u{FEFF}# who may use the bot\r\nRIVET_ALLOWED_USERS=61\r\n", "RIVET_LOG_LEVEL=info\rRIVET_ALLOWED_USERS=61\r",
    ])
    func `A file saved with CRLF: the allow-list holds after a reload`(_ file: String) async throws {
        let telegram = TelegramSimulator()
        let reloadable = try Reloadable(
            .gateway, "# who may use the bot\nRIVET_ALLOWED_USERS=61\n",
            ["TELEGRAM_API_URL": try await telegram.start(), "TELEGRAM_BOT_TOKEN": telegram.token])
        let services = try [RivetBinary.state, .library].map { try made($0, in: reloadable.directory) }
        for service in services { try service.start() }
        // Each stranger is told only once, so each message comes from another one.
        let (ada, eve, mallory) = (await telegram.user(61), await telegram.user(62), await telegram.user(63))
        func answer(to person: Person) async throws -> String {
            try await person.send("/help")
            return try await person.nextMessage(timeout: .seconds(20)).text
        }
        let (help, refusal) = (try await answer(to: ada), try await answer(to: eve))
        try #require(help != refusal)
        _ = try reloadable.reload(file)
        #expect(try await answer(to: mallory) == refusal.replacing("62", with: "63"))
        #expect(try await answer(to: ada) == help)
        for service in services + [reloadable.service] { try service.kill() }
        await telegram.stop()
    }

    // MARK: Databases

    private final class Slowest: Sendable {
        let time = Mutex(Duration.zero)
    }

    @Test(.enabled(if: PostgresCluster.isInstalled, "PostgreSQL is not installed"))
    func `Databases: changed without losing a call`() async throws {
        let databases = try await [PlainDatabase(), PlainDatabase(), PlainDatabase()]
        let (first, second, third) = (databases[0], databases[1], databases[2])
        let reloadable = try Reloadable(.state, "NEON_DATABASE_URL=\(first.url)\n")
        let service = reloadable.service
        let processID = try service.process.processID
        // Saves run all the time, over one connection that must not end.
        let slowest = Slowest()
        let saves = RepeatedCall({ try service.client() }) { client, number in
            let start = ContinuousClock.now
            let result = try client.result("state.save", saving("u\(number + 1)", update: Int64(number + 1)))
            guard result["durable"] == true else { throw NotInTime(description: "not durable: \(result)") }
            let time = ContinuousClock.now - start
            slowest.time.withLock { $0 = max($0, time) }
        }
        func saved(_ more: Int) async throws {
            let before = saves.count
            try await eventually("\(more) more are saved", within: .seconds(30)) {
                saves.count >= before + more
            }
        }
        try await saved(20)
        // Another database under the same name, and a second tier.
        let changed = try reloadable.reload(
            "NEON_DATABASE_URL=\(second.url)\nSUPABASE_DATABASE_URL=\(first.url)\n")
        #expect(changed.contains("supabase"))
        try await saved(20)
        // The first tier is removed…
        _ = try reloadable.reload("SUPABASE_DATABASE_URL=\(first.url)\n")
        try await saved(20)
        // …and returns, with a third one.
        _ = try reloadable.reload(
            "NEON_DATABASE_URL=\(second.url)\nSUPABASE_DATABASE_URL=\(first.url)\nRAILWAY_DATABASE_URL=\(third.url)\n")
        try await saved(20)
        let count = try await saves.stop()
        #expect(try service.process.processID == processID && service.process.isRunning)
        for database in databases {
            try await eventually("every tier has all \(count)", within: .seconds(30)) {
                try await database.rows("SELECT count(*) FROM conversation_states") == [["\(count)"]]
            }
        }
        // The bound: one deadline of a tier, and the work of the change.
        let longest = slowest.time.withLock { $0 }
        print("Databases changed without losing a call: \(count) saves, the slowest took \(longest)")
        #expect(longest < .seconds(2), "\(longest)")
        let health = try service.client().result("service.health")
        #expect(
            health["tiers"]?.arrayValue?.compactMap { $0["name"]?.stringValue } == [
                "neon", "supabase", "railway", "sqlite", "memory",
            ])
        #expect(service.log.contains("the settings were read again changed=the database of neon, supabase is new"))
        #expect(service.log.contains("changed=neon is no tier any more"))
    }

    @Test(.enabled(if: PostgresCluster.isInstalled, "PostgreSQL is not installed"))
    func `The library: changes its database, too`() async throws {
        let (first, second) = (try await PlainDatabase(), try await PlainDatabase())
        let reloadable = try Reloadable(.library, "NEON_DATABASE_URL=\(first.url)\n")
        let client = try reloadable.service.client()
        _ = try client.result("library.add", adding("7", "Pump"))
        _ = try reloadable.reload("NEON_DATABASE_URL=\(second.url)\n")
        _ = try client.result("library.add", adding("7", "Press"))
        try await eventually("the new database has both") {
            guard try await second.rows("SELECT to_regclass('user_machines')") == [["user_machines"]] else {
                return false
            }
            return try await second.rows("SELECT nickname FROM user_machines ORDER BY nickname") == [
                ["Press"], ["Pump"],
            ]
        }
        #expect(try await first.rows("SELECT nickname FROM user_machines") == [["Pump"]])
        // A malformed URL changes nothing.
        let status = try reloadable.reload("NEON_DATABASE_URL=hush\n")
        #expect(status.contains("NEON_DATABASE_URL") && status.contains("all settings stay as they were"))
        #expect(try client.result("library.list", ["user_id": "7"])["total"] == 2)
    }

    /// Rows saved while a database was no tier reach it when it becomes one again.
    @Test(.enabled(if: PostgresCluster.isInstalled, "PostgreSQL is not installed"))
    func `A database that was no tier for a while: misses no row`() async throws {
        let neon = try await PlainDatabase()
        let service = try made(.state)
        func rows(_ count: Int) async throws {
            try await eventually("\(count) rows") {
                try await neon.rows("SELECT count(*) FROM conversation_states") == [["\(count)"]]
            }
        }
        try service.start(["NEON_DATABASE_URL": neon.url])
        _ = try service.client().result("state.save", saving("1"))
        try await rows(1)
        try service.restart()
        _ = try service.client().result("state.save", saving("2"))
        try service.restart(["NEON_DATABASE_URL": neon.url])
        try await rows(2)
    }

    @Test func `A SIGHUP before the start is over: does not end the process`() throws {
        let directory = try TestDirectory()
        let manager = try ServiceManager(in: directory)
        let service = try made(.state, manager.environment(), in: directory)
        let process = try service.launch()
        try eventuallyLog(process)
        process.signal(SIGHUP)
        try manager.ready()
        #expect(process.isRunning)
    }

    /// Waits until the process traps SIGHUP: a signal before that would end it.
    private func eventuallyLog(_ process: ChildProcess) throws {
        let end = ContinuousClock.now + .seconds(10)
        while .now < end {
            let status = try String(contentsOfFile: "/proc/\(process.processID)/status", encoding: .utf8)
            let caught = status.split(separator: "\n").first { $0.hasPrefix("SigCgt:") }?.split(separator: "\t").last
            // SIGHUP is bit 0.
            if let caught, let mask = UInt64(caught, radix: 16), mask & 1 == 1 { return }
            usleep(200)
        }
        throw NotInTime(description: "SIGHUP is not trapped")
    }
}
