import Contracts
import Foundation
import Logging
import Synchronization
import TelegramBotAPI
import TestSupport

@testable import Control
@testable import Gateway
@testable import Persistence
@testable import ServiceKit
@testable import StateService

/// All texts that the programs make from some settings for others to read, made in this process by the same functions.
struct SecretReport {
    /// The texts in order.
    private(set) var texts: [String] = []
    /// How far the programs came: the settings were accepted, a connection to a database was made.
    private(set) var isTaken = false
    private(set) var isConnected = false

    private let variables: [String: String]
    private let serverPort: UInt16
    private let telegramURL: String

    /// - Parameter bench: the only servers to which a connection is made.
    init(_ variables: [String: String], _ bench: SecretBench) async {
        self.variables = variables
        serverPort = bench.server.port
        telegramURL = bench.telegram.url
        for name in ["rivet-gateway", "rivet-state", "rivet-library"] { await start(name) }
        await control()
    }

    // MARK: Services

    /// As `ServiceProcess` and `Reloader` do it.
    private mutating func start(_ name: String) async {
        let log = CollectedLog()
        let logger = log.logger(name)
        do {
            let settings = try Settings(variables: variables).withFile()
            _ = try settings.logLevel()
            switch name {
            case "rivet-gateway": _ = try GatewaySettings(settings)
            case "rivet-state": await store(try StateSettings(settings).remoteTiers, logger, log)
            default:
                let tiers = try TierSettings(settings)
                let targets = try tiers.databases { try PostgresTarget(url: $0, applicationName: "rivet-library") }
                await store(RemoteTiers(targets), logger, log)
            }
            isTaken = true
        } catch {
            logger.error("\("\(name): \(error)")")
            logger.error(
                "a reload found a setting that is wrong; all settings stay as they were",
                metadata: ["reason": "\(error)"])
            add(error)
            texts.append(StatusReporter.line("ready", work: "calls", done: 0, lastFailure: log.last))
        }
        texts += log.texts
    }

    /// The texts of a store about unavailable tiers, in log, status and health.
    private mutating func store(_ tiers: RemoteTiers, _ logger: Logger, _ log: CollectedLog) async {
        logger.note(tiers)
        var status = StoreStatus(isUp: true)
        for (name, target) in tiers.targets {
            texts += ["\(target)", String(reflecting: target)]
            guard target.leads(to: serverPort) else { continue }
            isConnected = true
            let reason = await reason(target)
            logger.note(.tierLost(name, reason: reason))
            logger.note(.refused(by: name, reason: reason))
            status.remote.append(RemoteStatus(name: name, state: .down, isAway: true, lastError: reason))
        }
        let report = status.healthReport(at: .now())
        let health = ServiceHealth.Output(
            service: "rivet-state", version: "0", startedAt: Timestamp(milliseconds: 0), status: report.status,
            tiers: report.tiers, counters: report.counters, detail: report.detail)
        let listing = HealthListing(answers: [(.state, .success(health))], now: Timestamp(milliseconds: 0))
        texts += [
            StatusReporter.line(status.summary, work: "calls", done: 0, lastFailure: log.last), health.json.text,
            TerminalText.json(listing.json), TerminalText.json(listing.tiersJSON),
        ]
        texts += listing.lines + listing.tierLines
    }

    /// The error of a contact with the database, as `PostgresTier` reports it to the store.
    private mutating func reason(_ target: PostgresTarget) async -> String {
        do {
            let connection = try await PostgresConnection.open(target, deadline: .seconds(5)).value.get()
            defer { connection.close() }
            _ = try await PostgresMigrator(store: .conversations, deadline: .seconds(5)).migrate(connection)
            return "none"
        } catch {
            add(error)
            return "\(error)"
        }
    }

    private mutating func add(_ error: any Error) {
        var dumped = ""
        dump(error, to: &dumped)
        texts += ["\(error)", String(reflecting: error), error.localizedDescription, dumped]
    }

    // MARK: rivetctl

    private mutating func control() async {
        let setUp = SetUp(environment: variables, hasLocalDirectory: true)
        do throws(CommandFailure) { try setUp.requireFile() } catch { return add(error) }
        let settings = setUp.settings
        var findings = SettingsCheck(settings: DoctorSettings(all: settings)).findings()
        findings += DatabaseURLCheck(settings: settings).findings()
        do {
            let databases = try TierDatabase.configured(settings)
            if databases.allSatisfy({ $0.target.leads(to: serverPort) }) {
                findings += await DatabaseCheck(setUp: setUp, timeout: .seconds(5)).findings().findings
                for database in databases { await migrate(database) }
            }
        } catch { add(error) }
        if settings.string("TELEGRAM_API_URL") == telegramURL {
            let check = TelegramCheck(setUp: setUp, gatewayAnswers: false, timeout: .seconds(5))
            findings += await check.findings().findings
        }
        let listing = DoctorListing(findings: findings)
        texts += listing.lines + [TerminalText.json(listing.json)]
    }

    private mutating func migrate(_ database: TierDatabase) async {
        do { _ = try await database.migrate() } catch {
            add(error)
            let listing = VerificationListing(rows: [(database.name, .conversations, .failure(error))], limit: 50)
            texts += listing.lines + [TerminalText.json(listing.json)] + listing.failures.map(\.line)
        }
    }

    private mutating func add(_ failure: CommandFailure) {
        add(failure as any Error)
        texts += [failure.line, failure.sentence, failure.json.text]
    }
}

extension PostgresTarget {
    /// Whether connections to the target go only to that port of this machine.
    func leads(to port: UInt16) -> Bool {
        !hasAddresses && hosts.count == 1 && hosts[0] == Host(name: "127.0.0.1", port: "\(port)")
    }
}

/// The log lines, as they go to standard error and to the journal.
private final class CollectedLog: Sendable {
    private let lines = Mutex<[String]>([])

    var texts: [String] { lines.withLock { $0 } }
    /// The last event as one line.
    var last: String? { texts.last { $0.hasPrefix("MESSAGE=") } }

    func logger(_ name: String) -> Logger {
        Logger(label: name) { _ in Handler(log: self, name: name) }
    }

    private struct Handler: LogHandler {
        let log: CollectedLog
        let name: String
        var logLevel = Logger.Level.trace
        var metadata: Logger.Metadata = [:]

        init(log: CollectedLog, name: String) {
            self.log = log
            self.name = name
        }

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let metadata = metadata.merging(event.metadata ?? [:]) { _, own in own }
            let fields = JournalLogHandler.fields(event.level, event.message, metadata, event.error, name)
            log.lines.withLock { lines in
                lines.append(StderrLogHandler.text(event.message, metadata, event.error))
                lines += fields.map { "\($0.name)=\($0.value)" }
            }
        }
    }
}
