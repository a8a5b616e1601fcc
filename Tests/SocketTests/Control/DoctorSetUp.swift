import Contracts
import Foundation
import TelegramSimulator
import TestSupport
import Testing

/// The three services of a set-up, and the findings of doctor about it.
struct DoctorSetUp {
    let telegram: TelegramSimulator
    let directory: TestDirectory
    let services: [RivetProcess]
    var settings: [String: String]

    init(_ more: [String: String] = [:], isRunning: Bool = true) async throws {
        telegram = TelegramSimulator()
        directory = try TestDirectory()
        settings = [
            "TELEGRAM_API_URL": try await telegram.start(), "TELEGRAM_BOT_TOKEN": telegram.token,
            "RIVET_STATE_DIR": directory.path + "/state", "RIVET_RUNTIME_DIR": directory.path + "/run",
        ].merging(more) { $1 }
        let (settings, directory) = (settings, directory)
        services = try [RivetBinary.state, .library, .gateway].map { try made($0, settings, in: directory) }
        if isRunning {
            let services = services
            _ = try onThreads(services.count) { try services[$0].start() }
            try await eventually("the gateway has heard of Telegram and the services") {
                try services[2].client().result("service.health")["status"] == "ok"
            }
        }
    }

    func doctor(_ arguments: String..., settings more: [String: String] = [:]) throws -> RivetctlRun {
        let settings = settings.merging(more) { $1 }.filter { !$0.value.isEmpty }
        return try RivetctlRun(["doctor", "--timeout", "20s"] + arguments, settings, in: directory)
    }

    func end() async {
        for service in services { try? service.kill() }
        await telegram.stop()
    }

    // MARK: Findings

    /// The findings that are not `ok`, as `subject level: text -> next step`.
    func troubles(_ run: RivetctlRun) throws -> [String] {
        try (run.json["findings"]?.arrayValue ?? []).filter { $0["level"] != "ok" }.map { finding in
            let words = ["subject", "level", "finding", "next_step"].map { finding[$0]?.stringValue ?? "" }
            #expect(!words.contains(""), "\(finding)")
            return "\(words[0]) \(words[1]): \(words[2]) -> \(words[3])"
        }
    }

    /// The findings of one subject that are not `ok`, as `level: text -> next step`.
    func findings(_ run: RivetctlRun, of subject: String) throws -> [String] {
        try troubles(run).filter { $0.hasPrefix(subject + " ") }.map { String($0.dropFirst(subject.count + 1)) }
    }

    /// The findings without those that depend on the machine and not on the set-up.
    func beside(_ troubles: [String]) -> [String] {
        troubles.filter { !$0.hasPrefix("clock ") && !$0.contains(" is slow: ") && !$0.contains(" MiB are free at ") }
    }
}
