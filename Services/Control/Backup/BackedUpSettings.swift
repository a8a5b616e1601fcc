import Contracts
import ServiceKit

/// The settings that a backup notes for the operator who sets up another host.
enum BackedUpSettings {
    /// Only valid values, so that a secret in the wrong variable is never written. URLs are left out completely.
    static func of(_ settings: Settings) -> [String: String] {
        let checks: [(String, (Settings, String) throws -> Bool)] = [
            ("RIVET_CONVERSATION_TTL", isDuration), ("RIVET_SWEEP_INTERVAL", isDuration),
            ("RIVET_REMOTE_DEADLINE", isDuration), ("RIVET_TIER_HEARTBEAT", isDuration),
            ("RIVET_HOST_NUMBER", { settings, _ in try settings.hostNumber() <= 63 }),
            ("RIVET_MEMORY_LIMIT", { try $0.bytes($1, default: 0) > 0 }),
            (AllowedUsersSetting.variable, { settings, _ in try AllowedUsersSetting(settings) != .missing }),
            ("RIVET_DURABILITY", { settings, name in ["remote", "local"].contains(settings.string(name)) }),
            ("RIVET_SEND_LIMITS", { settings, name in ["telegram", "none"].contains(settings.string(name)) }),
        ]
        var values: [String: String] = [:]
        for (name, check) in checks {
            guard let value = settings.string(name) else { continue }
            // A wrong value stops the services from starting. It must not stop a backup.
            if (try? check(settings, name)) == true { values[name] = value }
        }
        return values
    }

    /// The names of the PostgreSQL tiers that have a URL, valid or not.
    static func tiers(_ settings: Settings) -> [String] {
        [TierName.neon, .supabase, .railway].filter { tier in
            let credential = "\(tier.rawValue)-database-url"
            return (try? settings.secret(TierDatabase.setting(of: tier), credential: credential)) ?? nil != nil
        }.map(\.rawValue)
    }

    private static func isDuration(_ settings: Settings, _ name: String) throws -> Bool {
        try settings.duration(name, default: .zero) > .zero
    }
}
