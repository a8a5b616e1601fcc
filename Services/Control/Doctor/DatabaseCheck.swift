import Contracts
import Persistence
import ServiceKit

/// Whether each PostgreSQL database can be reached, is safe to reach, has our tables, and lets us change them.
struct DatabaseCheck {
    /// Rivet needs this version or a later one.
    static let versionMin: Int64 = 130_000

    var settings: Settings
    var timeout: Duration

    /// What is asked, in one statement: a pooler may answer each from another connection.
    private static let question = PostgresStatement(
        """
        SELECT current_setting('server_version_num')::bigint, current_setting('server_version'),
            current_setting('transaction_read_only') = 'on' OR pg_is_in_recovery(),
            has_schema_privilege(current_schema(), 'CREATE'),
            (SELECT string_agg(wanted.name, ', ') FROM
                unnest(ARRAY['conversation_states', 'user_machines']) AS wanted (name)
                WHERE to_regclass(wanted.name) IS NOT NULL AND NOT (
                    has_table_privilege(to_regclass(wanted.name), 'SELECT')
                    AND has_table_privilege(to_regclass(wanted.name), 'INSERT')
                    AND has_table_privilege(to_regclass(wanted.name), 'UPDATE')
                    AND has_table_privilege(to_regclass(wanted.name), 'DELETE'))),
            (extract(epoch FROM clock_timestamp()) * 1000)::bigint, current_user
        """)

    func findings() async -> (findings: [Finding], readings: [ClockCheck.Reading]) {
        let databases: [TierDatabase]
        do throws(CommandFailure) { databases = try TierDatabase.configured(settings) } catch { return ([], []) }
        guard !databases.isEmpty else {
            return ([.ok("databases", "no PostgreSQL database is configured: what is stored is on the local disk")], [])
        }
        var findings: [Finding] = []
        var readings: [ClockCheck.Reading] = []
        for database in databases {
            let (ofIt, reading) = await check(database)
            findings += ofIt
            if let reading { readings.append(reading) }
        }
        return (findings, readings)
    }

    private func check(_ database: TierDatabase) async -> ([Finding], ClockCheck.Reading?) {
        let name = database.name.rawValue
        do throws(CommandFailure) {
            let connection = try await database.connect(deadline: timeout)
            defer { connection.close() }
            let before = Timestamp.now()
            let row: PostgresRow
            do throws(PostgresError) {
                guard
                    let answer = try await connection.submit([Self.question], deadline: timeout).value.get()[0].rows
                        .first
                else { return ([], nil) }
                row = answer
            } catch { throw database.failure(error, exitCode: ExitCodes.unreachable) }
            let here = ClockCheck.middle(before, .now())
            let missing = await missing(database, connection)
            let reading = row.integer(5).map {
                ClockCheck.Reading(place: name, ahead: .milliseconds($0 - here.milliseconds), precision: .zero)
            }
            let troubles = troubles(database, connection, row) + missing
            if !troubles.isEmpty { return (troubles, reading) }
            let safety = connection.isEncrypted ? "TLS" : "on this machine"
            return (
                [.ok(name, "\(database.target) answers (PostgreSQL \(row.text(1) ?? "?"), \(safety)), up to date")],
                reading
            )
        } catch {
            var failure = error
            failure.exitCode = ExitCodes.unreachable
            return ([.failure(name, failure)], nil)
        }
    }

    private func troubles(
        _ database: TierDatabase, _ connection: PostgresConnection, _ row: PostgresRow
    ) -> [Finding] {
        let (name, user) = (database.name.rawValue, row.text(6) ?? "its user")
        let setting = TierDatabase.setting(of: database.name)
        var troubles: [Finding] = []
        if let version = row.integer(0), version < Self.versionMin {
            troubles.append(
                .failure(
                    name, "it is PostgreSQL \(row.text(1) ?? "?")", nextStep: "Rivet needs version 13 or a later one"))
        }
        if !connection.isEncrypted, database.target.isElsewhere {
            troubles.append(
                .warning(
                    name, "what people wrote goes to \(database.target) without TLS",
                    nextStep: "Add sslmode=require to \(setting), or better sslmode=verify-full with sslrootcert"))
        }
        if row.flag(2) == true {
            troubles.append(
                .failure(name, "it takes no writes", nextStep: "Is it a standby, or is its quota used up?"))
        }
        if row.flag(3) != true {
            troubles.append(
                .failure(
                    name, "\(user) may not make tables in it",
                    nextStep: "GRANT CREATE, USAGE ON SCHEMA public TO \"\(user)\""))
        }
        if let tables = row.text(4) {
            troubles.append(
                .failure(
                    name, "\(user) may not read and write \(tables)",
                    nextStep:
                        "GRANT SELECT, INSERT, UPDATE, DELETE ON \(tables) TO \"\(user)\"; better, make it their owner")
            )
        }
        return troubles
    }

    private func missing(_ database: TierDatabase, _ connection: PostgresConnection) async -> [Finding] {
        let name = database.name.rawValue
        var missing: [Int64] = []
        for store in [Migrator.Store.conversations, .machines] {
            do throws(PostgresMigrationError) {
                missing += try await PostgresMigrator(store: store, deadline: timeout).missing(connection)
            } catch {
                return [.failure(name, "\(error)", nextStep: "Install the Rivet that wrote it, or a later one")]
            }
        }
        guard !missing.isEmpty else { return [] }
        let list = missing.sorted().map { "\($0)" }.joined(separator: ", ")
        return [
            .warning(
                name, "migration \(list) was not applied yet",
                nextStep: "The services do it when they meet the database; or rivetctl migrate --tier \(name)")
        ]
    }
}
