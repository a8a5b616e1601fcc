import Contracts
import Logging
import Persistence
import Sending
import ServiceKit
import TelegramBotAPI

/// Checks whether every setting parses, and whether a service reads it.
struct SettingsCheck {
    var settings: DoctorSettings

    /// The `RIVET_` variables that the services read.
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

    /// Lines of the settings file that may not mean what their author expects. No line is quoted: it may be a secret.
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
            ("the line has no \"=\", so systemd ignores it", "Write NAME=value, or put \"#\" before it")
        case .export:
            (
                "systemd ignores a line that begins with \"export\", and writes the whole line to the journal",
                "Remove the word \"export\"; if the line has a secret, change the secret"
            )
        case .badName:
            (
                "the text before the \"=\" is not a name, so systemd ignores the line, and may write it to the journal",
                "A name has letters, digits and \"_\"; if the line has a secret, change the secret"
            )
        case .byteOrderMark:
            (
                "the file begins with a byte order mark, so systemd ignores this line, and may write it to the journal",
                "Save the file as UTF-8 without a byte order mark; if that line has a secret, change the secret"
            )
        case .quoteNotClosed:
            (
                "a quote that starts here is not closed, so the rest of the file is part of this value",
                "Close the quote, or put a backslash before it if it is part of the value"
            )
        case .commentEndsInBackslash:
            (
                "this comment ends in a backslash: systemd up to 253 takes the next line as part of it, 254 does not",
                "Remove the backslash"
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
                    "settings", "\(name) is not a setting: no service reads it",
                    nextStep: Self.nearest(to: name).map { "Do you mean \($0)?" } ?? "Remove it")
            }
        if failures.isEmpty, warnings.isEmpty { return [.ok("settings", "all of them are valid")] }
        return failures + warnings
    }

    /// The setting whose name is nearest to `name`, if at most 3 letters differ.
    static func nearest(to name: String) -> String? {
        let distances = known.map { (name: $0, distance: distance($0, name)) }
        return distances.filter { $0.distance <= 3 }.min { ($0.distance, $0.name) < ($1.distance, $1.name) }?.name
    }

    /// The edit distance in bytes: how many must be changed, added or removed.
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
