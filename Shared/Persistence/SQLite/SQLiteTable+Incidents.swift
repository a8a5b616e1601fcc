public import Contracts
import FoundationEssentials

/// The incidents that an operator should know about and may have acknowledged. They are derived from the quarantined
/// rows and the broken files; only the acknowledgements are noted, in `store_facts`.
extension SQLiteTable {
    /// The number of quarantined rows that are not acknowledged. Without this fact, all rows count as not acknowledged:
    /// a version of Rivet that did not count them quarantined them.
    private static let quarantinedFact = "quarantine_unacknowledged"
    private static let keysShownMax: Int64 = 3
    /// The prefix of a fact's name; the name of a broken file follows.
    private static let acknowledgedFact = "acknowledged "

    /// Stores the text of an unreadable row and counts it, both or neither.
    func quarantine(_ key: String, _ content: String) throws(SQLiteError) {
        // A savepoint acts as a transaction if none is open.
        try connection.run("SAVEPOINT quarantine")
        do {
            try connection.run(
                "INSERT OR IGNORE INTO quarantine (key, content) VALUES (?, ?)", [.text(key), .text(content)])
            if connection.changes > 0 {
                hasIncidentNews = true
                try connection.run(
                    """
                    INSERT INTO store_facts (name, value) VALUES (?, (SELECT count(*) FROM quarantine))
                    ON CONFLICT (name) DO UPDATE SET value = value + 1
                    """, [.text(Self.quarantinedFact)])
            }
            try connection.run("RELEASE quarantine")
        } catch {
            try? connection.run("ROLLBACK TO quarantine")
            try? connection.run("RELEASE quarantine")
            throw error
        }
    }

    public func incidents() throws(SQLiteError) -> StoreIncidents {
        var incidents = StoreIncidents()
        let directory = URL(filePath: connection.path).deletingLastPathComponent()
        let acknowledged = try acknowledgedFiles()
        var files: [BrokenFile] = []
        // This is no failure of the database, which stays in use. The files are listed again next time, since
        // `hasIncidentNews` stays true.
        do throws(SQLiteError) { files = try BrokenFile.beside(connection.path) } catch {
            incidents.filesUnknown = error.description
        }
        for file in files where !acknowledged.contains(file.name) {
            incidents.unacknowledged.append(
                StoreIncident(
                    .fileReplaced, file: directory.appending(path: file.name).path(percentEncoded: false),
                    rows: file.salvaged, at: file.at))
        }
        incidents.quarantinedRows = try quarantinedCount()
        let rows = try fact(Self.quarantinedFact) ?? incidents.quarantinedRows
        if rows > 0 {
            incidents.unacknowledged.append(StoreIncident(.rowsQuarantined, file: connection.path, rows: rows))
            incidents.quarantinedKeys = try connection.rows(
                "SELECT key FROM quarantine GROUP BY key ORDER BY max(found_at) DESC, key LIMIT ?",
                [.integer(Self.keysShownMax)]
            ) { $0.text(0) ?? "" }
        }
        hasIncidentNews = incidents.filesUnknown != nil
        return incidents
    }

    /// Must be called in a transaction.
    public func acknowledge(_ incidents: [StoreIncident], at now: Timestamp) throws(SQLiteError) {
        hasIncidentNews = true
        for incident in incidents {
            switch incident.kind {
            case .fileReplaced:
                try setFact(Self.acknowledgedFact + URL(filePath: incident.file).lastPathComponent, now.milliseconds)
            case .rowsQuarantined: try setFact(Self.quarantinedFact, 0)
            }
        }
    }

    private func acknowledgedFiles() throws(SQLiteError) -> Set<String> {
        // The names with this prefix: in byte order "!" follows " ".
        let names = try connection.rows(
            "SELECT name FROM store_facts WHERE name >= ? AND name < ?",
            [.text(Self.acknowledgedFact), .text(Self.acknowledgedFact.dropLast() + "!")]
        ) { $0.text(0) ?? "" }
        return Set(names.map { String($0.dropFirst(Self.acknowledgedFact.count)) })
    }

    private func setFact(_ name: String, _ value: Int64) throws(SQLiteError) {
        try connection.run(
            "INSERT OR REPLACE INTO store_facts (name, value) VALUES (?, ?)", [.text(name), .integer(value)])
    }
}
