import ArgumentParser
import Contracts

/// The health of the services, for a person and for a program.
struct HealthListing {
    typealias Answer = Result<ServiceHealth.Output, CommandFailure>
    typealias Entry = (service: RivetService, answer: Answer)

    var answers: [Entry]
    var now: Timestamp

    var exitCode: Int32 { ExitCodes.ofHealths(answers.map { try? $0.answer.get().status }) }

    var json: JSONValue { json(\.json) }

    /// One object for each service: what `show` returns for its health, or why the call failed.
    func json(_ show: (ServiceHealth.Output) -> JSONValue) -> JSONValue {
        var services: [String: JSONValue] = [:]
        for (service, answer) in answers {
            switch answer {
            case .success(let health): services[service.unit] = show(health)
            case .failure(let failure): services[service.unit] = failure.json
            }
        }
        return ["services": .object(services)]
    }

    /// A table of the services, a table of their tiers, and a line for each problem.
    var lines: [String] { sections([services.lines, tierTable.isEmpty ? [] : tierTable.lines, notes]) }

    /// The sections that are not empty, with an empty line between them.
    func sections(_ sections: [[String]]) -> [String] {
        Array(sections.filter { !$0.isEmpty }.joined(separator: [""]))
    }

    /// Fails if a socket path is too long: that is a setting to correct, not a service that is away.
    /// - Parameter json: whether the output, which is already written, is JSON. Then only the exit code is missing.
    func throwIfMisconfigured(json: Bool) throws {
        for case (_, .failure(let failure)) in answers where failure.exitCode == ExitCodes.configuration {
            if json { throw ExitCode(failure.exitCode) }
            throw failure
        }
    }

    private var services: TextTable {
        var table = TextTable([
            ("SERVICE", .left), ("STATUS", .left), ("VERSION", .left), ("UP SINCE", .left), ("UPTIME", .left),
        ])
        for (service, answer) in answers {
            switch answer {
            case .success(let health):
                let uptime = Duration.milliseconds(now.milliseconds - health.startedAt.milliseconds)
                table.add([
                    service.unit, health.status.rawValue, TerminalText.escaped(health.version),
                    health.startedAt.utcText, uptime.coarseText,
                ])
            // A service that this user may not call may be running.
            case .failure(let failure):
                table.add([service.unit, failure.takesRoot ? "not asked" : "away", "-", "-", "-"])
            }
        }
        return table
    }

    var tierTable: TextTable {
        var table = TextTable([
            ("SERVICE", .left), ("TIER", .left), ("STATE", .left), ("PENDING", .right), ("OLDEST", .right),
            ("LAST WRITE", .right),
        ])
        for (service, answer) in answers {
            guard case .success(let health) = answer else { continue }
            for tier in health.tiers {
                table.add([
                    service.unit, tier.name.rawValue, tier.state.rawValue, "\(tier.pending)",
                    tier.oldestPendingAge.map { Duration.seconds($0).coarseText } ?? "-",
                    tier.latencyMilliseconds.map { "\($0) ms" } ?? "-",
                ])
            }
        }
        return table
    }

    private var notes: [String] {
        var notes: [String] = []
        for (service, answer) in answers {
            switch answer {
            case .success(let health):
                if let detail = health.detail { notes.append("\(service.unit): \(detail)") }
                for tier in health.tiers where tier.state != .up {
                    // The detail of a service may already contain the error.
                    guard let error = tier.lastError, health.detail?.contains(error) != true else { continue }
                    notes.append("\(service.unit): \(tier.name.rawValue): \(error)")
                }
            case .failure(let failure): notes += Self.notes(of: failure)
            }
        }
        return notes.map(TerminalText.escaped)
    }

    static func notes(of failure: CommandFailure) -> [String] {
        [failure.cause] + (failure.nextStep.map { ["  " + $0] } ?? [])
    }
}
