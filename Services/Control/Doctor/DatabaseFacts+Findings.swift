import Contracts
import Persistence

/// The faults of a database that answers, each with the command that corrects it.
extension DatabaseFacts {
    /// Rivet needs this version or a later one.
    static let versionMin: Int64 = 130_000

    /// A session keeps the settings that it started with.
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
                    name, "\(user) may not create tables in it",
                    nextStep: "GRANT CREATE, USAGE ON SCHEMA public TO \(Self.quoted(user))"))
        }
        if let forbiddenTables {
            troubles.append(
                .failure(
                    name, "\(user) may not read and write \(forbiddenTables)",
                    nextStep:
                        "GRANT SELECT, INSERT, UPDATE, DELETE ON \(forbiddenTables) TO \(Self.quoted(user)); better, "
                        + "make this user their owner"))
        }
        return troubles + durabilityTroubles(name, variable)
    }

    /// A database in another encoding rejects rows that contain a character outside it.
    private func encodingTrouble(_ name: String, _ variable: String) -> Finding? {
        guard encoding != "UTF8" else { return nil }
        return .failure(
            name, "its encoding is \(encoding), so it rejects text with other letters",
            nextStep: "CREATE DATABASE \(Self.quoted(database + "_utf8")) TEMPLATE template0 ENCODING 'UTF8' "
                + "LC_COLLATE 'C' LC_CTYPE 'C'; name that database in \(variable); Rivet copies all rows into it")
    }

    private func writeTrouble(_ name: String, _ variable: String) -> Finding? {
        if isStandby {
            return .failure(
                name, "it takes no writes: it is a standby",
                nextStep: "Name the primary in \(variable); or name all hosts and add target_session_attrs=read-write")
        }
        guard isReadOnly else { return nil }
        let setting = "default_transaction_read_only"
        guard let found = settings[setting], found.value == "on" else {
            return .failure(name, "it takes no writes", nextStep: "Is its quota used up? Ask its provider")
        }
        return .failure(
            name, "it takes no writes: \(setting) is on",
            nextStep: "SET \(setting) = off; " + correction(of: setting, found, to: "off", variable))
    }

    /// Settings with which a crash of the server or its machine loses acknowledged writes.
    private func durabilityTroubles(_ name: String, _ variable: String) -> [Finding] {
        var troubles: [Finding] = []
        if let found = settings["synchronous_commit"], found.value == "off" {
            troubles.append(
                .warning(
                    name, "synchronous_commit is off: a crash of the server loses the last acknowledged writes",
                    nextStep: correction(of: "synchronous_commit", found, to: "on", variable)))
        }
        for setting in ["fsync", "full_page_writes"] {
            guard let found = settings[setting], found.value == "off" else { continue }
            troubles.append(
                .warning(
                    name, "\(setting) is off: a crash of its machine may destroy the whole database",
                    nextStep: found.source == "command line"
                        ? "Start the server without -F and without -c \(setting)=off"
                        : "As superuser, in psql: ALTER SYSTEM SET \(setting) = on; SELECT pg_reload_conf();"))
        }
        return troubles
    }

    /// The command that gives a session setting `value`: it removes the setting where it was made, or overrides it.
    private func correction(of setting: String, _ found: Setting, to value: String, _ variable: String) -> String {
        let (role, place) = ("ALTER ROLE \(Self.quoted(user))", "DATABASE \(Self.quoted(database))")
        switch found.source {
        case "database": return "ALTER \(place) RESET \(setting); \(Self.restart)"
        case "user": return "\(role) RESET \(setting); \(Self.restart)"
        case "database user": return "\(role) IN \(place) RESET \(setting); \(Self.restart)"
        case "client": return "Remove \(setting) from the options in \(variable); \(TierDatabase.applying)"
        default: return "ALTER \(place) SET \(setting) = \(value); \(Self.restart)"
        }
    }

    /// `name` as an SQL identifier.
    private static func quoted(_ name: String) -> String {
        "\"" + name.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }
}
