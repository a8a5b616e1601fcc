public import Contracts
import FoundationEssentials

/// What an operator should know of, and has acknowledged: beside the rows that were put aside and the broken files
/// themselves, only a note in `store_facts` of what was acknowledged.
extension SQLiteTable {
    /// Rows that were put aside and not acknowledged. Without this fact, all are: they were put aside by a version of Rivet
    /// that did not count them.
    private static let quarantinedFact = "quarantine_unacknowledged"
    private static let keysShownMax: Int64 = 3
    /// Followed by the name of a broken file.
    private static let acknowledgedFact = "acknowledged "

    /// Keeps the text of a row that cannot be read, and counts it, both or neither.
    func quarantine(_ key: String, _ content: String) throws(SQLiteError) {
        // A savepoint is a transaction of its own where none is open.
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
        // No failure of the database, which goes on: it is tried again, since there is still news.
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

    /// In a transaction of the caller's.
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
        // The names that begin so: "!" follows " ".
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
