import Contracts
import Foundation
import Persistence
import TestSupport
import Testing

/// The real programs with settings of every kind that `SecretTests` has. At least one case has each source of settings,
/// each variable, each change of a shape, each accepted URL and each behavior of the server that the URL names.
@Suite(.serialized, .withProcesses)
struct SecretProgramTests {
    /// Cases that together have every feature of 600 random ones.
    private static func cases(_ random: inout SeededGenerator) -> [SecretCase] {
        var seen: Set<String> = []
        return (0..<600).compactMap { _ in
            let secretCase = SecretCase.random(using: &random)
            let isNew = !seen.isSuperset(of: secretCase.features)
            seen.formUnion(secretCase.features)
            return isNew ? secretCase : nil
        }
    }

    /// A store with a row in its file: an empty store waits ten seconds for tiers that may have more.
    private static func filledStore() throws -> RivetProcess {
        let service = try running(.state)
        _ = try service.client().result("state.save", saving("u"))
        try service.stop()
        return service
    }

    /// The number of cases that begin with an empty store.
    private static let emptyStoreCount = 5

    @Test func `Settings of every kind: no program prints six characters of a secret`() async throws {
        var random = SeededGenerator("Settings of every kind")
        let cases = Self.cases(&random)
        let journalDirectory = try TestDirectory()
        let journal = PrivateJournal.isPossible ? try PrivateJournal(in: journalDirectory) : nil
        try await journal?.start()
        let filled = try Self.filledStore()
        var marks: [SecretMark] = []
        var (ready, refused, told) = (0, 0, 0)
        for (number, secretCase) in cases.enumerated() {
            let bench = try SecretBench()
            bench.server.set(secretCase.manner)
            bench.telegram.set(status: EchoingBotAPI.statuses[number % EchoingBotAPI.statuses.count])
            let mark = SecretMark(using: &random)
            marks.append(mark)
            guard secretCase.staysHere(mark, bench.server.port) else { continue }
            let settings = secretCase.settings(mark, word: "server", port: bench.server.port)
            if number >= Self.emptyStoreCount {
                try FileManager.default.copyItem(
                    atPath: filled.stateDirectory, toPath: bench.directory.path + "/state")
            }
            // Every second case logs to standard error.
            var programs = SecretPrograms(
                bench, try bench.variables(settings), journal: number.isMultiple(of: 2) ? journal : nil)
            try await programs.run(.state)
            try await programs.run(.gateway)
            if settings.file != nil {
                try await programs.run(.library, startingWith: "TELEGRAM_BOT_TOKEN=7000000001:x\n")
            }
            try programs.control()
            for (place, text) in programs.outputs {
                if let trace = mark.trace(in: text) {
                    let text = String(decoding: text, as: UTF8.self)
                    Issue.record("\(number): \(secretCase.description): \(trace) is in \(place): \(text)")
                }
            }
            let visits = bench.server.takeVisits()
            if visits.contains(where: { mark.trace(in: $0.password) != nil }) { told += 1 }
            expectOnlyWhereItBelongs(
                mark, visits, bench.telegram.takeRequests(), "\(number): \(secretCase.description)")
            if programs.exitCodes.contains(78) { refused += 1 }
            if programs.exitCodes.contains(0) { ready += 1 }
            #expect(programs.exitCodes.allSatisfy { $0 == 78 || $0 == 0 }, "\(programs.exitCodes): \(secretCase)")
        }
        print(
            "\(cases.count) settings, \(ready) let a service run, \(refused) stopped one, \(told) were told to the server"
        )
        // If nothing reached a server, the search for secrets would prove nothing.
        #expect(ready >= 5 && refused >= 5 && told >= 3)
        guard let journal else { return }
        let log = journalDirectory.path + "/journalctl.log"
        _ = try journal.run("journalctl", ["--sync"], isConnected: false, log: log).wait()
        _ = try journal.run("journalctl", ["--output=export", "--no-pager"], isConnected: false, log: log).wait()
        let entries = Array(try Data(contentsOf: URL(filePath: log)))
        #expect(String(decoding: entries, as: UTF8.self).contains("SYSLOG_IDENTIFIER=rivet-state"))
        for mark in marks { #expect(mark.trace(in: entries) == nil) }
    }
}

extension SecretCase {
    /// Whether no program tries to reach another machine; a URL that was cut may name one.
    fileprivate func staysHere(_ mark: SecretMark, _ port: UInt16) -> Bool {
        let secret = secret(mark, word: "server", port: port)
        if variable == "TELEGRAM_API_URL", secret.hasPrefix("http") { return false }
        guard let target = try? PostgresTarget(url: secret) else { return true }
        return target.leads(to: port)
    }

    /// The features that at least one case of the real programs must have.
    fileprivate var features: Set<String> {
        var features: Set<String> = [variable, change.kind]
        switch source {
        case .environment, .credential: features.insert(source.kind)
        case .file(let lineEnd, let start, let quote, let hasLastEnd):
            features.formUnion(["\(lineEnd.debugDescription) ends lines", "quoted \(quote)", "ends \(hasLastEnd)"])
            features.insert("begins \(start.debugDescription)")
        }
        if isGood { features.formUnion([shape, "\(manner)"]) }
        return features
    }
}
