import Contracts

/// What became of removals that were held back, for a person.
struct RemovalsListing {
    typealias Outcome = Result<RemovalsCall.Outcome, CommandFailure>

    var tier: TierName
    var decision: RemovalDecision
    var outcomes: [(service: RivetService, outcome: Outcome)]

    var lines: [String] {
        outcomes.compactMap { service, outcome in
            guard let outcome = try? outcome.get(), outcome.isDone else { return nil }
            guard outcome.removals > 0 else {
                return "\(service.unit): nothing that \(tier.rawValue) told is held back"
            }
            let records = outcome.removals == 1 ? "1 record" : "\(outcome.removals) records"
            return switch decision {
            case .accept: "\(service.unit): \(records) removed, as \(tier.rawValue) told"
            case .reject: "\(service.unit): \(records) kept, and owed to \(tier.rawValue) again"
            }
        }
    }

    /// What could not be asked for, and what did not come to its end.
    var failures: [CommandFailure] {
        outcomes.compactMap { service, outcome in
            switch outcome {
            case .failure(let failure): return failure
            case .success(let outcome):
                guard !outcome.isDone else { return nil }
                return CommandFailure(
                    "\(service.unit): the decision on \(outcome.removals) removals of \(tier.rawValue) is taken, and not "
                        + "carried out yet",
                    nextStep: "It goes on when the tier can be read; rivetctl health shows when it is done")
            }
        }
    }

    var json: JSONValue {
        ServiceOutcomes.json(outcomes) {
            ["removals": .integer($0.removals), "done": .bool($0.isDone)]
        }
    }
}
