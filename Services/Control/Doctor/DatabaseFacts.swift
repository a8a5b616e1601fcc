import Persistence

/// What a PostgreSQL database reports about itself.
struct DatabaseFacts: Equatable {
    /// A setting of the server, as it applies to this session.
    struct Setting: Equatable {
        var value: String
        /// Where it comes from: "default", "configuration file", "database", "user", "client" … (pg_settings.source).
        var source: String
    }

    /// One statement for all facts: a pooler may run each statement on another connection.
    static let question = PostgresStatement(
        """
        SELECT current_setting('server_version_num')::bigint, current_setting('server_version'),
            pg_is_in_recovery(), current_setting('transaction_read_only') = 'on',
            has_schema_privilege(current_schema(), 'CREATE'),
            (SELECT string_agg(wanted.name, ', ') FROM
                unnest(ARRAY['conversation_states', 'user_machines']) AS wanted (name)
                WHERE to_regclass(wanted.name) IS NOT NULL AND NOT (
                    has_table_privilege(to_regclass(wanted.name), 'SELECT')
                    AND has_table_privilege(to_regclass(wanted.name), 'INSERT')
                    AND has_table_privilege(to_regclass(wanted.name), 'UPDATE')
                    AND has_table_privilege(to_regclass(wanted.name), 'DELETE'))),
            (extract(epoch FROM clock_timestamp()) * 1000)::bigint, current_user, current_database(),
            current_setting('server_encoding'),
            (SELECT string_agg(name || '=' || setting || '=' || source, ',') FROM pg_settings
                WHERE name IN ('default_transaction_read_only', 'fsync', 'full_page_writes', 'synchronous_commit'))
        """)

    var versionNumber: Int64?
    var version: String
    var isStandby: Bool
    var isReadOnly: Bool
    var mayMakeTables: Bool
    /// Rivet's tables that the user may not both read and write, comma-separated; nil for none.
    var forbiddenTables: String?
    /// The server's clock, in milliseconds since 1970.
    var milliseconds: Int64?
    var user: String
    var database: String
    var encoding: String
    /// By name.
    var settings: [String: Setting]

    /// - Parameter row: the result of ``question``.
    init(_ row: PostgresRow) {
        versionNumber = row.integer(0)
        version = row.text(1) ?? "?"
        isStandby = row.flag(2) == true
        isReadOnly = row.flag(3) == true
        mayMakeTables = row.flag(4) == true
        forbiddenTables = row.text(5)
        milliseconds = row.integer(6)
        user = row.text(7) ?? "?"
        database = row.text(8) ?? "?"
        encoding = row.text(9) ?? "?"
        settings = [:]
        for setting in (row.text(10) ?? "").split(separator: ",") {
            let parts = setting.split(separator: "=", omittingEmptySubsequences: false)
            guard parts.count == 3 else { continue }
            settings[String(parts[0])] = Setting(value: String(parts[1]), source: String(parts[2]))
        }
    }
}
