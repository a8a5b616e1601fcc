import Contracts
import Foundation
import Persistence
import TestSupport
import Testing

/// An empty PostgreSQL database that one test uses, on a server that these tests share.
struct PlainDatabase {
    private static let cluster = Result { try PostgresCluster() }

    let name: String
    let url: String

    /// Makes an empty database.
    /// - Parameters:
    ///   - other: the server; nil for the shared one, which does not wait for its disk.
    ///   - options: of `CREATE DATABASE`.
    init(on other: PostgresCluster? = nil, _ options: String = "") async throws {
        let cluster = try other ?? Self.cluster.get()
        name = "control_\(UInt64.random(in: 0...UInt64.max))"
        url = cluster.url(database: name)
        _ = try await Self.rows("CREATE DATABASE \(name) \(options)", at: cluster.url())
    }

    /// Runs statements one after another in one session, as an operator does.
    func psql(_ statements: [String], in directory: TestDirectory) throws {
        let log = directory.path + "/psql.log"
        let arguments = ["-X", "-v", "ON_ERROR_STOP=1", "-d", url] + statements.flatMap { ["-c", $0] }
        let status = try ChildProcess("/usr/bin/psql", arguments: arguments, environment: [:], log: log).wait()
        guard status == 0 else {
            throw ChildProcess.Failure(description: try String(contentsOfFile: log, encoding: .utf8))
        }
    }

    /// The rows that one statement returns, each column as text.
    @discardableResult
    func rows(_ sql: String) async throws -> [[String?]] { try await Self.rows(sql, at: url) }

    private static func rows(_ sql: String, at url: String) async throws -> [[String?]] {
        let connection = try await PostgresConnection.open(try PostgresTarget(url: url), deadline: .seconds(10)).value
            .get()
        defer { connection.close() }
        return try await connection.submit([PostgresStatement(sql)], deadline: .seconds(20)).value.get()[0].rows.map(
            \.columns)
    }
}

/// Both storing services in one directory, with PostgreSQL tiers.
struct StoringServices {
    let state: RivetProcess
    let library: RivetProcess
    let environment: [String: String]

    init(_ environment: [String: String] = [:]) throws {
        let directory = try TestDirectory()
        self.environment = environment
        state = try made(.state, environment, in: directory)
        library = try made(.library, environment, in: directory)
    }

    /// Starts both at the same time: an empty one waits for its tiers.
    func start(_ more: [String: String] = [:]) throws {
        let services = [state, library]
        _ = try onThreads(services.count) { try services[$0].start(more) }
    }

    /// Waits until every tier is up and lacks nothing.
    func settle() async throws {
        for service in [state, library] {
            try await eventually("nothing is owed by \(service.binary.rawValue)") {
                let health = try service.client().result("service.health")
                return health["tiers"]?.arrayValue?.allSatisfy { $0["pending"] == 0 && $0["state"] == "up" } == true
            }
        }
    }

    /// Waits until every PostgreSQL tier has been compared and lacks fewer than 1,000 rows, even while clients write.
    func settleMostly() async throws {
        for service in [state, library] {
            try await eventually("\(service.binary.rawValue) has compared its tiers") {
                let health = try service.client().result("service.health")
                let tiers = health["tiers"]?.arrayValue?.filter { $0["kind"] == "postgresql" } ?? []
                return tiers.allSatisfy { tier in
                    let pulls = health["counters"]?["pulls.\(tier["name"]?.stringValue ?? "")"]?.integerValue ?? 0
                    return pulls > 0 && (tier["pending"]?.integerValue ?? .max) < 1_000
                }
            }
        }
    }

    /// Runs rivetctl on the directories of these services, with their settings.
    func control(_ arguments: String..., settings: [String: String] = [:]) throws -> RivetctlRun {
        try control(arguments, settings: settings)
    }

    func control(_ arguments: [String], settings: [String: String] = [:]) throws -> RivetctlRun {
        let directories = [
            "RIVET_STATE_DIR": state.stateDirectory, "RIVET_RUNTIME_DIR": state.directory.path + "/run",
        ]
        let all = environment.merging(directories) { $1 }.merging(settings) { $1 }
        return try RivetctlRun(arguments, all.filter { !$0.value.isEmpty }, in: state.directory)
    }
}

/// One run of rivetctl, to its end.
struct RivetctlRun {
    let exitCode: Int32
    /// Its output, errors included.
    let lines: [String]

    /// - Parameter launcher: a program with arguments that executes rivetctl.
    init(
        _ arguments: [String], _ environment: [String: String], in directory: TestDirectory, by launcher: [String] = []
    ) throws {
        let log = "\(directory.path)/rivetctl-\(UUID().uuidString).log"
        let words = launcher + [RivetBinary.control.path] + arguments
        exitCode = try ChildProcess(
            words[0], arguments: Array(words.dropFirst()), environment: environment, log: log
        ).wait()
        lines = try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n").map(String.init)
    }

    var text: String { lines.joined(separator: "\n") }
    var json: JSONValue { get throws { try JSONValue(parsing: lines.first { $0.hasPrefix("{") } ?? "") } }
    /// The lines that report failures.
    var errors: [String] { lines.filter { $0.hasPrefix("rivetctl: ") } }
}
