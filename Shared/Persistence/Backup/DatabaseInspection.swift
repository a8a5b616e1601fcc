/// The result of checking a whole database file.
public struct DatabaseInspection: Sendable, Equatable {
    /// The applied migrations, ascending.
    public var migrations: [Int64]
    /// The number of rows, by kind of record.
    public var rows: [String: Int64]

    /// Why a file cannot be used.
    public enum Fault: Error, Sendable, Equatable {
        /// The first fault that SQLite found.
        case broken(String)
        case unreadable(SQLiteError)
        /// A later version of Rivet wrote it, or it is not a Rivet database.
        case schema(MigrationError)
        /// No migration was ever applied to it.
        case foreign
    }

    init(migrations: [Int64], rows: [String: Int64]) { (self.migrations, self.rows) = (migrations, rows) }

    /// Reads all of the file at `path`, which must have no log, and changes nothing.
    public init(of path: String, store: Migrator.Store) throws(Fault) {
        let connection: SQLiteConnection
        do { connection = try SQLiteConnection(reading: path) } catch { throw .unreadable(error) }
        let faults: [String]
        do { faults = try connection.integrityFaults() } catch {
            throw error.isCorruption ? .broken(error.message) : .unreadable(error)
        }
        if let fault = faults.first { throw .broken(fault) }
        do { migrations = try SQLiteMigrator(store: store.owned).appliedVersions(connection).sorted() } catch {
            throw .schema(error)
        }
        guard !migrations.isEmpty else { throw .foreign }
        rows = [:]
        do {
            for (name, sql) in Self.counts(store) {
                rows[name] = try connection.rows(sql) { $0.integer(0) }.first ?? 0
            }
        } catch { throw .unreadable(error) }
    }

    private static func counts(_ store: Migrator.Store) -> [(String, String)] {
        switch store {
        case .conversations: [("conversations", "SELECT count(*) FROM conversation_states")]
        case .machines: [("machines", "SELECT count(*) FROM user_machines")]
        }
    }
}
