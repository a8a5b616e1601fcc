import Contracts

/// The acknowledged incidents, for a person and for a program.
struct AcknowledgeListing {
    typealias Outcome = Result<StoreAcknowledge.Output, CommandFailure>

    var outcomes: [(service: RivetService, outcome: Outcome)]

    var lines: [String] {
        outcomes.flatMap { service, outcome -> [String] in
            guard let incidents = try? outcome.get().acknowledged else { return [] }
            guard !incidents.isEmpty else { return ["\(service.unit): nothing to acknowledge"] }
            return incidents.map { TerminalText.escaped("\(service.unit): acknowledged: \(Self.text($0))") }
        }
    }

    var failures: [CommandFailure] {
        outcomes.compactMap { _, outcome in
            if case .failure(let failure) = outcome { failure } else { nil }
        }
    }

    var json: JSONValue {
        var services: [String: JSONValue] = [:]
        for (service, outcome) in outcomes {
            switch outcome {
            case .success(let output): services[service.unit] = output.json
            case .failure(let failure): services[service.unit] = failure.json
            }
        }
        return ["services": .object(services)]
    }

    private static func text(_ incident: StoreIncident) -> String {
        switch incident.kind {
        case .fileReplaced:
            let moment = incident.at.map { " at \($0.utcText)" } ?? ""
            let rows = incident.rows.map { $0 == 1 ? "1 row" : "\($0) rows" } ?? "an unknown number of rows"
            return "the database was replaced\(moment), and \(rows) kept; the broken file is \(incident.file)"
        case .rowsQuarantined:
            let rows = incident.rows == 1 ? "1 row was" : "\(incident.rows ?? 0) rows were"
            return "\(rows) put aside in the table quarantine of \(incident.file)"
        }
    }
}
