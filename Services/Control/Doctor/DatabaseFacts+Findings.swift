import Contracts
import Persistence

/// What is wrong with a database that answers, and the command that corrects it.
extension DatabaseFacts {
    /// Rivet needs this version or a later one.
    static let versionMin: Int64 = 130_000

    /// Sessions keep what they began with.
    private static let restart = "then systemctl restart rivet-state rivet-library"

    /// - Parameter variable: the setting that names the database.
    func troubles(_ tier: TierName, variable: String) -> [Finding] {
        let name = tier.rawValue
        var troubles: [Finding] = []
        if let versionNumber, versionNumber < Self.versionMin {
            troubles.append(
                .failure(name, "it is PostgreSQL \(version)", nextStep: "Rivet needs version 13 or a later one"))
        }
        if let encodingTrouble = encodingTrouble(name, variable) { troubles.append(encodingTrouble) }
        if let writeTrouble = writeTrouble(name, variable) { troubles.append(writeTrouble) }
        if !mayMakeTables {
            troubles.append(
                .failure(
                    name, "\(user) may not make tables in it",
                    nextStep: "GRANT CREATE, USAGE ON SCHEMA public TO \(Self.quoted(user))"))
        }
        if let forbiddenTables {
            troubles.append(
                .failure(
                    name, "\(user) may not read and write \(forbiddenTables)",
                    nextStep:
                        "GRANT SELECT, INSERT, UPDATE, DELETE ON \(forbiddenTables) TO \(Self.quoted(user)); better, make "
                        + "it their owner"))
        }
        return troubles + durabilityTroubles(name, variable)
    }

    /// A row with a letter that the database cannot hold is refused.
    private func encodingTrouble(_ name: String, _ variable: String) -> Finding? {
        guard encoding != "UTF8" else { return nil }
        return .failure(
            name, "its encoding is \(encoding), so it refuses what people write in other letters",
            nextStep: "CREATE DATABASE \(Self.quoted(database + "_utf8")) TEMPLATE template0 ENCODING 'UTF8' "
                + "LC_COLLATE 'C' LC_CTYPE 'C'; name that in \(variable); Rivet fills it by itself")
    }

    private func writeTrouble(_ name: String, _ variable: String) -> Finding? {
        if isStandby {
            return .failure(
                name, "it takes no writes: it is a standby",
                nextStep: "Name the primary in \(variable); or, of several hosts, add target_session_attrs=read-write")
        }
        guard isReadOnly else { return nil }
        let setting = "default_transaction_read_only"
        guard let found = settings[setting], found.value == "on" else {
            return .failure(name, "it takes no writes", nextStep: "Is its quota used up? Its provider says")
        }
        return .failure(
            name, "it takes no writes: \(setting) is on",
            nextStep: "SET \(setting) = off; " + correction(of: setting, found, to: "off", variable))
    }

    /// What makes a write that was acknowledged get lost when the server or its machine crashes.
    private func durabilityTroubles(_ name: String, _ variable: String) -> [Finding] {
        var troubles: [Finding] = []
        if let found = settings["synchronous_commit"], found.value == "off" {
            troubles.append(
                .warning(
                    name, "synchronous_commit is off: a crash of it takes the last writes that it acknowledged",
                    nextStep: correction(of: "synchronous_commit", found, to: "on", variable)))
        }
        for setting in ["fsync", "full_page_writes"] {
            guard let found = settings[setting], found.value == "off" else { continue }
            troubles.append(
                .warning(
                    name, "\(setting) is off: a crash of its machine may destroy all of it",
                    nextStep: found.source == "command line"
                        ? "Start the server without -F and without -c \(setting)=off"
                        : "As superuser, in psql: ALTER SYSTEM SET \(setting) = on; SELECT pg_reload_conf();"))
        }
        return troubles
    }

    /// What sets a setting of the sessions to `value` where it was set, or over that.
    private func correction(of setting: String, _ found: Setting, to value: String, _ variable: String) -> String {
        let (role, place) = ("ALTER ROLE \(Self.quoted(user))", "DATABASE \(Self.quoted(database))")
        switch found.source {
        case "database": return "ALTER \(place) RESET \(setting); \(Self.restart)"
        case "user": return "\(role) RESET \(setting); \(Self.restart)"
        case "database user": return "\(role) IN \(place) RESET \(setting); \(Self.restart)"
        case "client": return "Take \(setting) out of the options in \(variable); \(TierDatabase.applying)"
        default: return "ALTER \(place) SET \(setting) = \(value); \(Self.restart)"
        }
    }

    /// As an SQL identifier.
    private static func quoted(_ name: String) -> String {
        "\"" + name.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }
}
