import Contracts

/// The result of a pull, for a person and for a program.
struct PullListing {
    typealias Outcome = Result<TierPull.Outcome, CommandFailure>

    var outcomes: [(service: RivetService, outcome: Outcome)]
    /// How long the command waited for the tiers.
    var patience: Duration

    var lines: [String] {
        outcomes.compactMap { service, outcome in
            guard let outcome = try? outcome.get() else { return nil }
            guard !outcome.tiers.isEmpty else { return "\(service.unit): no PostgreSQL tier is configured" }
            let rows = outcome.adopted == 1 ? "1 row" : "\(outcome.adopted) rows"
            return "\(service.unit): \(rows) imported from \(outcome.tiers.map(\.rawValue).joined(separator: ", "))"
        }
    }

    /// The calls that failed, and the comparisons that did not finish in time.
    var failures: [CommandFailure] {
        outcomes.flatMap { service, outcome -> [CommandFailure] in
            switch outcome {
            case .failure(let failure): return [failure]
            case .success(let outcome):
                return outcome.unfinished.map { tier in
                    let reason = tier.lastError.map { "; its last error: \($0)" } ?? ""
                    return CommandFailure(
                        "\(service.unit): \(tier.name.rawValue) was not compared to the end within \(patience.text), "
                            + "and is \(tier.state.rawValue) with \(tier.pending) pending\(reason)",
                        nextStep: "The service continues by itself; rivetctl tiers shows its progress")
                }
            }
        }
    }

    var json: JSONValue {
        ServiceOutcomes.json(outcomes) {
            [
                "tiers": .array($0.tiers.map { .string($0.rawValue) }),
                "adopted": .integer($0.adopted),
                "unfinished": .array($0.unfinished.map { .string($0.name.rawValue) }),
            ]
        }
    }
}
