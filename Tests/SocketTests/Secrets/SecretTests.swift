import Contracts
import Foundation
import TestSupport
import Testing

/// No output of any program has a secret, or the text behind one in the same value.
///
/// Each of 1,000 random settings has a marked secret somewhere: a token or a database URL, whole, cut, doubled or
/// quoted, in the right variable or another, from the environment, a settings file or a credential. They run in this
/// process: `SecretReport` calls the functions with which the programs make their errors, log lines, status, health and
/// listings, against a server that quotes its input.
///
/// It does not cover the places to which the texts go: standard error, the journal, the status socket, the frames of
/// `service.health`, the process list. `SecretProgramTests` does that with real processes, for one case of each kind.
@Suite(.serialized, .withProcesses)
struct SecretTests {
    @Test func `A thousand random settings: no output has six characters of a secret, or depends on it`() async throws {
        var random = SeededGenerator("A thousand random settings")
        let bench = try SecretBench()
        var (taken, connected, good) = (0, 0, 0)
        for number in 0..<1_000 {
            let secretCase = SecretCase.random(using: &random)
            bench.server.set(secretCase.manner)
            bench.telegram.set(status: EchoingBotAPI.statuses[number % EchoingBotAPI.statuses.count])
            let marks = [SecretMark(using: &random), SecretMark(using: &random)]
            // Two secrets of the same form: all texts about them must be the same, even with short words in them.
            let words =
                [["p", "q"], ["server", "qwxzvy"], ["postgres", "qwxzvyqw"]].randomElement(using: &random) ?? []
            var reports: [SecretReport] = []
            for (mark, word) in zip(marks, words) {
                let variables = try bench.variables(secretCase.settings(mark, word: word, port: bench.server.port))
                let report = await SecretReport(variables, bench)
                for text in Set(report.texts) {
                    if let trace = mark.trace(in: text.utf8) {
                        Issue.record("\(number): \(secretCase.description): \(trace) is in: \(text)")
                    }
                }
                expectOnlyWhereItBelongs(
                    mark, bench.server.takeVisits(), bench.telegram.takeRequests(),
                    "\(number): \(secretCase.description)")
                reports.append(report)
            }
            // Timing decides which of two calls notices that a session has ended. For a variable that has no secret, a
            // value that looks like a typing error may be shown.
            if secretCase.manner != .endsSession, secretCase.isInSecretVariable {
                #expect(reports[0].texts == reports[1].texts, "\(number): \(secretCase.description)")
            }
            good += secretCase.isGood ? 1 : 0
            taken += reports[0].isTaken ? 1 : 0
            connected += reports[0].isConnected ? 1 : 0
        }
        print("of 1,000 settings, \(good) were meant to be right, \(taken) were taken, \(connected) led to a server")
        // Not all settings are refused at the start, and not all are accepted.
        #expect((200...900).contains(taken) && connected >= 150)
    }
}

/// The servers that the settings name, and a directory for the files of the settings.
struct SecretBench {
    let server: FakePostgres
    let telegram: EchoingBotAPI
    let directory: TestDirectory

    init() throws {
        server = try FakePostgres()
        telegram = try EchoingBotAPI()
        directory = try TestDirectory()
        try FileManager.default.createDirectory(
            atPath: directory.path + "/credentials", withIntermediateDirectories: false)
    }

    /// Writes the files of `settings`.
    /// - Returns: the environment of a process that has these settings.
    func variables(_ settings: SecretCase.Settings) throws -> [String: String] {
        var variables = [
            "RIVET_STATE_DIR": directory.path + "/state", "RIVET_RUNTIME_DIR": directory.path + "/run",
            "TELEGRAM_API_URL": telegram.url, "CREDENTIALS_DIRECTORY": directory.path + "/credentials",
        ]
        // The environment cannot have U+0000 in a value: a C string ends there.
        variables.merge(settings.variables.mapValues { String($0.prefix { $0 != "\0" }) }) { $1 }
        if let file = settings.file {
            try directory.write(file, to: "rivet.env")
            variables["RIVET_ENV_FILE"] = directory.path + "/rivet.env"
        }
        for name in ["telegram-bot-token", "neon-database-url"] {
            let path = "credentials/\(name)"
            if let text = settings.credentials[name] {
                try directory.write(text, to: path)
            } else {
                try? FileManager.default.removeItem(atPath: "\(directory.path)/\(path)")
            }
        }
        return variables
    }
}

/// A password goes to its server only in the password message, and a token to its server only in the path.
func expectOnlyWhereItBelongs(
    _ mark: SecretMark, _ visits: [FakePostgres.Visit], _ requests: [EchoingBotAPI.Request], _ what: String
) {
    for visit in visits {
        for bytes in [visit.startup, visit.later] {
            #expect(mark.trace(in: bytes) == nil, "\(what): sent: \(String(decoding: bytes, as: UTF8.self))")
        }
        let password = String(decoding: visit.password, as: UTF8.self)
        #expect(!password.contains("7000000001"), "\(what): the token as a password")
    }
    for request in requests {
        #expect(mark.trace(in: request.rest.utf8) == nil, "\(what): sent: \(request.rest)")
        #expect(!request.path.contains("postgres"), "\(what): a database URL as a token")
    }
}
