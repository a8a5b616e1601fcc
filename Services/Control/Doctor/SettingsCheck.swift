import Contracts
import Logging
import Persistence
import Sending
import ServiceKit
import TelegramBotAPI

/// Whether every setting parses, and whether there is one that no service reads.
struct SettingsCheck {
    var settings: DoctorSettings

    /// What the services read.
    static let known: Set<String> = [
        "RIVET_STATE_DIR", "RIVET_RUNTIME_DIR", "RIVET_CONVERSATION_TTL", "RIVET_SWEEP_INTERVAL", "RIVET_LEGACY_SQLITE",
        "RIVET_DURABILITY", "RIVET_REMOTE_DEADLINE", "RIVET_TIER_HEARTBEAT", "RIVET_MEMORY_LIMIT", "RIVET_SEND_LIMITS",
        "RIVET_ALLOWED_USERS", "RIVET_WEBHOOK_URL", "RIVET_WEBHOOK_SECRET", "RIVET_WEBHOOK_LISTEN", "RIVET_HOST_NUMBER",
        "RIVET_LOG_LEVEL", Settings.fileVariable, "RIVET_BIN_DIR",
        "RIVET_KILL_AT", "RIVET_STALL_AT",
    ]

    /// The variables that hold secrets.
    static func isSecret(_ name: String) -> Bool {
        ["TELEGRAM_BOT_TOKEN", "RIVET_WEBHOOK_SECRET"].contains(name) || name.hasSuffix("_DATABASE_URL")
    }

    /// What in the settings file may mean something else than its writer thinks. No line is quoted: it may be a secret.
    private func ofFile() -> [Finding] {
        guard let path = settings.file, let file = try? Settings.file(path) else { return [] }
        return file.warnings.map { warning in
            let (text, nextStep) = Self.words(warning.kind)
            return .warning("settings", "\(path), line \(warning.line): \(text)", nextStep: nextStep)
        }
    }

    private static func words(_ kind: EnvironmentFileWarning.Kind) -> (text: String, nextStep: String) {
        switch kind {
        case .noEqualsSign:
            ("there is no \"=\" in it, so systemd ignores it", "Write NAME=value, or put \"#\" before it")
        case .export:
            (
                "systemd ignores a line that begins with \"export\", and writes all of it into the journal",
                "Take out the word \"export\"; if it is a secret, change the secret"
            )
        case .badName:
            (
                "what is before the \"=\" is no name, so systemd ignores the line, and may write all of it into the journal",
                "Letters, digits and \"_\" make a name; if it is a secret, change the secret"
            )
        case .byteOrderMark:
            (
                "the file begins with a byte order mark, so systemd ignores its first line, and may write it into the journal",
                "Save the file as UTF-8 without a byte order mark; if it is a secret, change the secret"
            )
        case .quoteNotClosed:
            (
                "a quote that begins here is not closed, so the rest of the file belongs to this value",
                "Close the quote, or put a backslash before it if it is part of the value"
            )
        case .commentEndsInBackslash:
            (
                "this comment ends in a backslash: up to systemd 253 the next line is part of it, from 254 on it is not",
                "Take out the backslash"
            )
        }
    }

    func findings() -> [Finding] {
        let all = settings.all
        var failures: [Finding] = []
        func read(_ body: () throws(ConfigurationError) -> Void) {
            do throws(ConfigurationError) { try body() } catch {
                failures.append(
                    .failure(
                        "settings", "\(error)", nextStep: "Correct it, then restart the services",
                        exitCode: ExitCodes.configuration))
            }
        }
        read { () throws(ConfigurationError) in try all.checkPaths() }
        read { () throws(ConfigurationError) in _ = try all.logLevel() }
        read { () throws(ConfigurationError) in
            _ = try all.duration("RIVET_CONVERSATION_TTL", default: .seconds(1))
        }
        read { () throws(ConfigurationError) in _ = try all.duration("RIVET_SWEEP_INTERVAL", default: .seconds(1)) }
        read { () throws(ConfigurationError) in _ = try AllowedUsersSetting(all) }
        read { () throws(ConfigurationError) in
            _ = try all.choice("RIVET_SEND_LIMITS", default: SendLimits.telegram)
        }
        read { () throws(ConfigurationError) in _ = try TelegramAccess.webhook(all) }
        read { () throws(ConfigurationError) in
            _ = try all.parsed(
                "RIVET_WEBHOOK_LISTEN", accepted: WebhookListener.accepted,
                as: { text throws(WebhookListener.Malformed) in try WebhookListener(text) })
        }
        read { () throws(ConfigurationError) in
            _ = try TierSettings(settings.of(.state)).databases { try PostgresTarget(url: $0) }
        }
        let strangers = all.names.filter { $0.hasPrefix("RIVET_") && !Self.known.contains($0) }.sorted()
        let warnings =
            ofFile()
            + strangers.map { name in
                Finding.warning(
                    "settings", "\(name) is no setting, and no service reads it",
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
