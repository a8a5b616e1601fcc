import Contracts

/// What was taken in from the tiers, for a person.
struct PullListing {
    typealias Outcome = Result<TierPull.Outcome, CommandFailure>

    var outcomes: [(service: RivetService, outcome: Outcome)]
    /// How long the tiers were waited for.
    var patience: Duration

    var lines: [String] {
        outcomes.compactMap { service, outcome in
            guard let outcome = try? outcome.get() else { return nil }
            guard !outcome.tiers.isEmpty else { return "\(service.unit): no PostgreSQL tier is configured" }
            let rows = outcome.adopted == 1 ? "1 row" : "\(outcome.adopted) rows"
            return "\(service.unit): \(rows) taken in from \(outcome.tiers.map(\.rawValue).joined(separator: ", "))"
        }
    }

    /// What could not be asked for, and what did not come to its end.
    var failures: [CommandFailure] {
        outcomes.flatMap { service, outcome -> [CommandFailure] in
            switch outcome {
            case .failure(let failure): return [failure]
            case .success(let outcome):
                return outcome.unfinished.map { tier in
                    let reason = tier.lastError.map { "; its last error: \($0)" } ?? ""
                    return CommandFailure(
                        "\(service.unit): \(tier.name.rawValue) was not compared to the end within \(patience.text), and "
                            + "is \(tier.state.rawValue) with \(tier.pending) pending\(reason)",
                        nextStep: "It goes on by itself; rivetctl tiers shows how far it is")
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
