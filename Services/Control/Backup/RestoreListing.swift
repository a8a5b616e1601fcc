import Contracts

/// The result of a restore, for a person and for a program.
struct RestoreListing: TwofoldListing {
    var outcome: Restore.Outcome
    var now: Timestamp

    var warnings: [String] { outcome.warnings }

    var lines: [String] {
        var lines: [String] = []
        for database in outcome.databases {
            let text = outcome.manifest.databases[database.name].map { ": \($0.text)" } ?? ""
            lines.append("\(database.path)\(text)")
            if let replaced = database.replaced { lines.append("  the previous file is kept as \(replaced)") }
        }
        if let list = outcome.allowList {
            lines.append("\(list.path): who may use the bot")
            if let replaced = list.replaced { lines.append("  the previous file is kept as \(replaced)") }
        }
        lines.append("restored as of \(outcome.manifest.madeAt.text(at: now)), from \(outcome.path)")
        if !outcome.tiers.isEmpty {
            let tiers = outcome.tiers.map(\.rawValue).joined(separator: ", ")
            lines.append("newer revisions in \(tiers) win when the services start")
        }
        if outcome.isInstalled { lines.append("start them: systemctl start rivet.target") }
        return lines.map(TerminalText.escaped)
    }

    var json: JSONValue {
        let databases = outcome.databases.map { database in
            let rows = outcome.manifest.databases[database.name]?.rows ?? [:]
            return (
                database.name,
                [
                    "path": .string(database.path), "rows": .object(rows.mapValues(JSONValue.integer)),
                    "replaced": database.replaced.json,
                ] as JSONValue
            )
        }
        return [
            "directory": .string(outcome.path), "made_at": .string(outcome.manifest.madeAt.description),
            "databases": .object(Dictionary(uniqueKeysWithValues: databases)),
            "allow_list": outcome.allowList.map { ["path": .string($0.path), "replaced": $0.replaced.json] } ?? .null,
            "tiers": .array(outcome.tiers.map { .string($0.rawValue) }),
            "warnings": .array(outcome.warnings.map(JSONValue.string)),
        ]
    }
}
