import Contracts
import Foundation
import Glibc
import TelegramSimulator
import TestSupport
import Testing

/// Rivet's package in a container, and a simulated Bot API server in its network.
final class InstalledRivet: Sendable {
    enum Service: String, CaseIterable, Sendable {
        case state, library, gateway

        var unit: String { "rivet-" + rawValue }
    }

    /// The package under test, if one is named, as by `make test-systemd`.
    static let package = ProcessInfo.processInfo.environment["RIVET_PACKAGE"].map {
        URL(fileURLWithPath: $0).standardizedFileURL.path
    }

    /// The root of the system in which it is installed: `RIVET_SYSTEMD_BASE`, or this machine's.
    static let base = ProcessInfo.processInfo.environment["RIVET_SYSTEMD_BASE"] ?? "/"

    /// The one of the running suite.
    @TaskLocal static var current: InstalledRivet?

    let container: Container
    let telegram: TelegramSimulator
    let figures = FigureTable()

    /// Boots the container and starts the simulated Telegram; installs nothing.
    init() async throws {
        container = try await Container(base: Self.base)
        telegram = TelegramSimulator()
        do { try await telegram.start(on: try await container.listeningSocket()) } catch {
            try await container.end()
            throw error
        }
    }

    func end() async throws {
        await telegram.stop()
        try await container.end()
    }

    // MARK: Package and units

    /// Installs the package, if it is missing, and configures the address of Telegram.
    func install() async throws {
        if try await container.run("test -x /usr/bin/rivetctl").status != 0 {
            try await container.must("dpkg -i \(Self.package ?? "")")
        }
        try await configure()
    }

    private func configure() async throws {
        let url = await telegram.baseURL
        try container.write("TELEGRAM_API_URL=\(url)\nRIVET_SEND_LIMITS=none\n", to: "/etc/rivet/rivet.env")
        try await container.must("install -d -m 700 /etc/credstore")
        try container.write(telegram.token + "\n", to: "/etc/credstore/rivet.telegram-bot-token")
        try await container.must("chmod 600 /etc/credstore/rivet.telegram-bot-token")
    }

    /// Installs and starts all of Rivet, and returns after it polls Telegram.
    func start() async throws {
        try await install()
        try await container.must("systemctl start rivet.target")
        try await telegram.waitForPoll(timeout: .seconds(20))
    }

    /// Stops all of Rivet, and returns after it has stopped; `systemctl stop rivet.target` returns before that.
    func stop() async throws {
        try await container.must("systemctl stop rivet.target")
        try await eventually("all of it has stopped", within: .seconds(30)) {
            try await container.run("systemctl list-units --no-legend 'rivet*'").output.isEmpty
        }
    }

    /// Writes a drop-in for all three services, during `body`.
    func with(dropIn text: String, _ body: () async throws -> Void) async throws {
        let name = "50-test.conf"
        for service in Service.allCases {
            let directory = "/etc/systemd/system/\(service.unit).service.d"
            try await container.must("mkdir -p \(directory)")
            try container.write(text, to: "\(directory)/\(name)")
        }
        try await container.must("systemctl daemon-reload")
        let outcome: Result<Void, any Error>
        do { outcome = .success(try await body()) } catch { outcome = .failure(error) }
        try await container.must("rm -f /etc/systemd/system/rivet-*.service.d/\(name); systemctl daemon-reload")
        try outcome.get()
    }

    // MARK: Journal

    /// The present end of the journal.
    func journalCursor() async throws -> String {
        try await container.must("journalctl -n 0 --show-cursor --no-pager | sed -n 's/^-- cursor: //p'")
            .filter { !$0.isNewline }
    }

    /// The lines of a service, and of systemd about it, since `cursor`.
    ///
    /// Two messages of systemd that occur only in a container are left out: it cannot read the control group's list of
    /// processes, since the test's own are among them (252), and it finds the machine's control groups (257).
    func journal(of service: Service, since cursor: String) async throws -> [JournalLine] {
        try await container.must(
            "journalctl --sync; journalctl --no-pager -o short-unix --after-cursor='\(cursor)' -u \(service.unit).service"
        )
        .split(separator: "\n").compactMap { JournalLine($0) }
        .filter { line in
            !["Failed to kill control group", "to compat systemd cgroup"].contains { line.text.contains($0) }
        }
    }

    // MARK: Processes

    /// The process ID of the service on this machine; nil if it does not run.
    func process(_ service: Service) -> Int32? { container.processes(named: service.unit).first }

    /// Waits until another process than `old` responds for the service.
    func waitForSuccessor(of old: Int32, _ service: Service) async throws {
        try await eventually("another \(service.unit)", within: .seconds(30)) {
            process(service).map { $0 != old } ?? false
        }
        let path = socketPath(service)
        try await Container.blocking {
            Result { _ = try FrameClient(path).result("service.health") }
        }.get()
    }

    func socketPath(_ service: Service) -> String { container.path("/run/rivet/\(service.rawValue).sock") }

    func call(_ service: Service, _ method: String, _ params: [String: JSONValue]) async throws -> JSONValue {
        let path = socketPath(service)
        return try await Container.blocking {
            Result { try FrameClient(path).result(method, params) }
        }.get()
    }

    /// The conversation of a private chat; nil if none is open.
    func conversation(of user: Int64) async throws -> JSONValue? {
        let state = try await call(
            .state, "state.load", ["user_id": .string("\(user)"), "chat_id": .string("\(user)")])["state"]
        return state == .null ? nil : state
    }

    func machineCount(of user: Int64) async throws -> Int64? {
        try await call(.library, "library.list", ["user_id": .string("\(user)")])["total"]?.integerValue
    }
}

/// Boots the container for a suite, and ends it whatever the outcome of the tests.
struct WithInstalledRivet: SuiteTrait, TestScoping {
    @concurrent func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable @concurrent () async throws -> Void
    ) async throws {
        let rivet = try await InstalledRivet()
        do { try await InstalledRivet.$current.withValue(rivet) { try await function() } } catch {
            Issue.record(error)
        }
        rivet.figures.print(
            "Under \(try await rivet.container.must(". /etc/os-release; echo $PRETTY_NAME").filter { !$0.isNewline })")
        try await rivet.end()
    }
}

extension Trait where Self == WithInstalledRivet {
    static var withInstalledRivet: WithInstalledRivet { WithInstalledRivet() }
}
