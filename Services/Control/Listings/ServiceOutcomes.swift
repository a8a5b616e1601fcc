import Contracts

/// The results of one call to several services, as JSON: `{"services": {"rivet-state": …}}`. Each value is what
/// `success` returns for the outcome, or a failure.
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
