import Contracts

/// The result of a backup, for a person and for a program.
struct BackupListing: TwofoldListing {
    var outcome: Backup.Outcome

    var warnings: [String] { outcome.warnings }

    var lines: [String] {
        let databases = LocalDatabase.all.compactMap { database in
            outcome.manifest.databases[database.fileName].map { "\(database.fileName): \($0.text)" }
        }
        let head = "\(outcome.path) is complete, after \(outcome.duration.text)"
        return (databases + [head]).map(TerminalText.escaped)
    }

    var json: JSONValue {
        let databases = (outcome.manifest.json["databases"]?.objectValue ?? [:]).map { name, value in
            var members = value.objectValue ?? [:]
            members["snapshot_seconds"] = outcome.snapshots[name].map(\.jsonSeconds)
            return (name, JSONValue.object(members))
        }
        return [
            "directory": .string(outcome.path), "made_at": .string(outcome.manifest.madeAt.description),
            "seconds": outcome.duration.jsonSeconds, "databases": .object(Dictionary(uniqueKeysWithValues: databases)),
            "allow_list": outcome.manifest.json["allow_list"] ?? .null,
            "warnings": .array(outcome.warnings.map(JSONValue.string)),
        ]
    }
}

extension BackupManifest.Database {
    /// `100000 conversations, 84 MiB`.
    var text: String {
        let counts = rows.sorted { $0.key < $1.key }.map { name, count in
            "\(count) \(count == 1 && name.hasSuffix("s") ? String(name.dropLast()) : name)"
        }
        return (counts + [UInt64(max(0, bytes)).bytesText]).joined(separator: ", ")
    }
}

extension Duration {
    /// In seconds, to the millisecond.
    fileprivate var jsonSeconds: JSONValue {
        let digits = String(milliseconds % 1_000)
        return .decimal("\(components.seconds).\(String(repeating: "0", count: 3 - digits.count))\(digits)")
    }
}
