import Contracts

/// The result of a decision on deferred removals, for a person and for a program.
struct RemovalsListing {
    typealias Outcome = Result<RemovalsCall.Outcome, CommandFailure>

    var tier: TierName
    var decision: RemovalDecision
    var outcomes: [(service: RivetService, outcome: Outcome)]

    var lines: [String] {
        outcomes.compactMap { service, outcome in
            guard let outcome = try? outcome.get(), outcome.isDone else { return nil }
            guard outcome.removals > 0 else {
                return "\(service.unit): no removal in \(tier.rawValue) is deferred"
            }
            let records = outcome.removals == 1 ? "1 record" : "\(outcome.removals) records"
            return switch decision {
            case .accept: "\(service.unit): \(records) removed, as in \(tier.rawValue)"
            case .reject: "\(service.unit): \(records) kept, and owed to \(tier.rawValue) again"
            }
        }
    }

    /// The calls that failed, and the decisions that were not carried out in time.
    var failures: [CommandFailure] {
        outcomes.compactMap { service, outcome in
            switch outcome {
            case .failure(let failure): return failure
            case .success(let outcome):
                guard !outcome.isDone else { return nil }
                return CommandFailure(
                    "\(service.unit): the decision on \(outcome.removals) removals of \(tier.rawValue) is known, but "
                        + "not carried out yet",
                    nextStep: "The service continues when it can read the tier; rivetctl health shows when it is done")
            }
        }
    }

    var json: JSONValue {
        ServiceOutcomes.json(outcomes) {
            ["removals": .integer($0.removals), "done": .bool($0.isDone)]
        }
    }
}
