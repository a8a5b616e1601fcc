import Contracts
import Logging
import Persistence
import ServiceKit
import TelegramBotAPI

/// Whether every setting parses, and whether there is one that nobody reads.
struct SettingsCheck {
    var settings: DoctorSettings

    /// What the services read.
    static let known: Set<String> = [
        "RIVET_STATE_DIR", "RIVET_RUNTIME_DIR", "RIVET_CONVERSATION_TTL", "RIVET_SWEEP_INTERVAL", "RIVET_LEGACY_SQLITE",
        "RIVET_DURABILITY", "RIVET_REMOTE_DEADLINE", "RIVET_TIER_HEARTBEAT", "RIVET_MEMORY_LIMIT", "RIVET_SEND_LIMITS",
        "RIVET_ALLOWED_USERS", "RIVET_LOG_LEVEL", Settings.fileVariable, "RIVET_BIN_DIR", "RIVET_KILL_AT",
        "RIVET_STALL_AT",
    ]

    func findings() -> [Finding] {
        let all = settings.all
        var failures: [Finding] = []
        func read(_ body: () throws(ConfigurationError) -> Void) {
            do throws(ConfigurationError) { try body() } catch {
                failures.append(
                    .failure(
                        "settings", "\(error)", nextStep: "Mend it, then restart the services",
                        exitCode: ExitCodes.configuration))
            }
        }
        read { () throws(ConfigurationError) in _ = try all.logLevel() }
        read { () throws(ConfigurationError) in
            _ = try all.duration("RIVET_CONVERSATION_TTL", default: .seconds(1))
        }
        read { () throws(ConfigurationError) in _ = try all.duration("RIVET_SWEEP_INTERVAL", default: .seconds(1)) }
        read { () throws(ConfigurationError) in _ = try AllowedUsersSetting(all) }
        read { () throws(ConfigurationError) in
            _ = try all.choice("RIVET_SEND_LIMITS", default: SendLimiter.Limits.telegram)
        }
        read { () throws(ConfigurationError) in
            _ = try TierSettings(settings.of(.state)).databases { try PostgresTarget(url: $0) }
        }
        let strangers = all.names.filter { $0.hasPrefix("RIVET_") && !Self.known.contains($0) }.sorted()
        let warnings = strangers.map { name in
            Finding.warning(
                "settings", "\(name) is no setting, and nobody reads it",
                nextStep: Self.nearest(to: name).map { "Is it \($0)?" } ?? "Take it out")
        }
        if failures.isEmpty, warnings.isEmpty { return [.ok("settings", "all of them are understood")] }
        return failures + warnings
    }

    /// The setting that differs least, if it differs little.
    static func nearest(to name: String) -> String? {
        let distances = known.map { (name: $0, distance: distance($0, name)) }
        return distances.filter { $0.distance <= 3 }.min { ($0.distance, $0.name) < ($1.distance, $1.name) }?.name
    }

    /// How many letters must be changed, added or taken out.
    private static func distance(_ one: String, _ other: String) -> Int {
        let (one, other) = (Array(one.utf8), Array(other.utf8))
        var row = Array(0...other.count)
        for (index, letter) in one.enumerated() {
            var diagonal = row[0]
            row[0] = index + 1
            for column in other.indices {
                let changed = diagonal + (letter == other[column] ? 0 : 1)
                diagonal = row[column + 1]
                row[column + 1] = min(changed, diagonal + 1, row[column] + 1)
            }
        }
        return row[other.count]
    }
}
