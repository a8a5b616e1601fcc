import Contracts

/// The health of the tiers.
extension HealthListing {
    var tiersExitCode: Int32 { ExitCodes.ofTiers(answers.map { try? $0.answer.get() }) }

    var tiersJSON: JSONValue {
        json { health in
            [
                "status": .string(health.status.rawValue), "tiers": health.json["tiers"] ?? .null,
                "counters": .object(
                    Dictionary(uniqueKeysWithValues: Self.tierCounters(health)).mapValues { .integer($0) }),
            ]
        }
    }

    /// A table of the tiers, their last errors, and the counters since the start.
    var tierLines: [String] {
        sections([tierTable.lines, tierNotes, counters.isEmpty ? [] : counters.lines])
    }

    private var tierNotes: [String] {
        var notes: [String] = []
        for (service, answer) in answers {
            switch answer {
            case .success(let health):
                if health.status == .failing, let detail = health.detail { notes.append("\(service.unit): \(detail)") }
                for tier in health.tiers {
                    guard let error = tier.lastError else { continue }
                    notes.append("\(service.unit): \(tier.name.rawValue): \(error)")
                }
            case .failure(let failure): notes += Self.notes(of: failure)
            }
        }
        return notes.map(TerminalText.escaped)
    }

    private var counters: TextTable {
        var table = TextTable([("SERVICE", .left), ("COUNTED SINCE ITS START", .left), ("COUNT", .right)])
        for (service, answer) in answers {
            guard case .success(let health) = answer else { continue }
            for (name, count) in Self.tierCounters(health) {
                table.add([service.unit, TerminalText.escaped(name), "\(count)"])
            }
        }
        return table
    }

    /// Whether `counter` counts deferred removals and is above 0. Other ones are not shown.
    private static func isHeldRemovals(_ counter: String, _ count: Int64) -> Bool {
        counter.hasPrefix("removals.held.") && count > 0
    }

    /// The counters about tiers, ordered by name.
    private static func tierCounters(_ health: ServiceHealth.Output) -> [(String, Int64)] {
        let names: Set = [
            "rows.adopted", "rows.quarantined", "clashes", "tiers.refusals", "disk.replaced", "disk.salvaged",
        ]
        return health.counters.filter {
            names.contains($0.key) || $0.key.hasPrefix("pulls.") || isHeldRemovals($0.key, $0.value)
        }
        .sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }
}
