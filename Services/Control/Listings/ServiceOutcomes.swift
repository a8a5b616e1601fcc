import Contracts

/// What came of a call to each of several services, as JSON: `{"services": {"rivet-state": …}}`, a failure in place of what
/// `success` makes of an outcome.
enum ServiceOutcomes {
    static func json<Outcome>(
        _ outcomes: [(service: RivetService, outcome: Result<Outcome, CommandFailure>)],
        _ success: (Outcome) -> JSONValue
    ) -> JSONValue {
        var services: [String: JSONValue] = [:]
        for (service, outcome) in outcomes {
            services[service.unit] =
                switch outcome {
                case .failure(let failure): failure.json
                case .success(let outcome): success(outcome)
                }
        }
        return ["services": .object(services)]
    }
}
