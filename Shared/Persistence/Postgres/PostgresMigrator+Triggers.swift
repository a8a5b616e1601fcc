extension PostgresMigrator {
    /// The triggers of the migrations. Some engines and some roles cannot create them, and Rivet works without them.
    private static let triggers = [
        ("conversation_states", ["rivet_added", "rivet_changed", "rivet_removed"]),
        ("user_machines", ["rivet_changed", "rivet_removed"]),
    ]

    /// The triggers that a fully migrated database lacks, for example `user_machines.rivet_changed`. Changes nothing.
    package static func missingTriggers(
        _ connection: PostgresConnection, deadline: Duration = questionDeadline
    ) async throws(PostgresError) -> [String] {
        let wanted = triggers.flatMap { table, names in names.map { "('\(table)', '\($0)')" } }
        let question = PostgresStatement(
            """
            SELECT wanted.table_name || '.' || wanted.name FROM (VALUES \(wanted.joined(separator: ", ")))
                AS wanted (table_name, name)
            WHERE NOT EXISTS (SELECT FROM pg_trigger
                WHERE tgrelid = to_regclass(wanted.table_name) AND tgname = wanted.name AND tgenabled <> 'D')
            ORDER BY 1
            """)
        let result = try await connection.submit([question], deadline: deadline).value.get()[0]
        return result.rows.compactMap { $0.text(0) }
    }

    /// The doctor's note for the operator about missing triggers.
    package static func note(ofMissingTriggers missing: [String]) -> (cause: String, nextStep: String)? {
        guard !missing.isEmpty else { return nil }
        return (
            "it has no trigger \(missing.joined(separator: ", ")): what other programs change there without a new "
                + "updated_at, and what they delete, is not seen at once",
            "If its user may make functions: DELETE FROM rivet_schema_migrations WHERE version IN (8, 9), then rivetctl "
                + "migrate --tier; else nothing need be done"
        )
    }
}
