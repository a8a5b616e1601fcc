import Contracts
import Persistence
import ServiceKit

/// Checks each PostgreSQL database: reachable, with TLS, durable, with Rivet's tables and the rights to change them.
struct DatabaseCheck {
    typealias Outcome = (findings: [Finding], readings: [ClockCheck.Reading])

    var setUp: SetUp
    var timeout: Duration

    func findings() async -> Outcome {
        let databases: [TierDatabase]
        do throws(CommandFailure) { databases = try await TierDatabase.configured(setUp) } catch {
            return ([Self.unread(error)], [])
        }
        guard !databases.isEmpty else {
            return ([.ok("databases", "no PostgreSQL database is configured: all data is on the local disk")], [])
        }
        var outcome: Outcome = ([], [])
        for database in databases {
            let (findings, reading) = await check(database)
            outcome.findings += findings
            if let reading { outcome.readings.append(reading) }
        }
        return outcome
    }

    private static func unread(_ failure: CommandFailure) -> Finding {
        if failure.takesRoot { return .skipped("databases", failure.cause, nextStep: failure.nextStep ?? "Use sudo") }
        return .skipped("databases", "a setting is wrong", nextStep: "Correct it first: \(failure.cause)")
    }

    private func check(_ database: TierDatabase) async -> ([Finding], ClockCheck.Reading?) {
        let name = database.name.rawValue
        do throws(CommandFailure) {
            let connection = try await database.connect(deadline: timeout)
            defer { connection.close() }
            let before = Timestamp.now()
            var facts: DatabaseFacts
            do throws(PostgresError) {
                let answer = try await connection.submit([DatabaseFacts.question], deadline: timeout).value.get()[0]
                guard let row = answer.rows.first else { return ([], nil) }
                facts = DatabaseFacts(row)
            } catch { throw database.failure(error, exitCode: ExitCodes.unreachable) }
            let here = ClockCheck.middle(before, .now())
            let reading = facts.milliseconds.map {
                ClockCheck.Reading(place: name, ahead: .milliseconds($0 - here.milliseconds), precision: .zero)
            }
            let variable = TierDatabase.setting(of: database.name)
            let (isCurrent, missing) = await missing(database, connection)
            // With all migrations applied, there is no table to create.
            if isCurrent { facts.mayMakeTables = true }
            let troubles =
                tlsTroubles(database, connection, variable) + facts.troubles(database.name, variable: variable)
                + missing
            if !troubles.isEmpty { return (troubles, reading) }
            let safety = connection.isEncrypted ? "TLS" : "on this machine"
            return (
                [.ok(name, "\(database.target) answers (PostgreSQL \(facts.version), \(safety)), up to date")], reading
            )
        } catch {
            var failure = error
            failure.exitCode = ExitCodes.unreachable
            return ([.failure(name, failure)], nil)
        }
    }

    private func tlsTroubles(
        _ database: TierDatabase, _ connection: PostgresConnection, _ variable: String
    ) -> [Finding] {
        guard !connection.isEncrypted, database.target.isElsewhere else { return [] }
        return [
            .warning(
                database.name.rawValue, "people's messages go to \(database.target) without TLS",
                nextStep: "Add sslmode=require to \(variable), or better sslmode=verify-full with "
                    + "sslrootcert=\(PostgresTarget.systemRoots); \(TierDatabase.applying)")
        ]
    }

    /// Whether all migrations are applied, and findings about migrations and triggers that are missing.
    private func missing(
        _ database: TierDatabase, _ connection: PostgresConnection
    ) async -> (isCurrent: Bool, findings: [Finding]) {
        let name = database.name.rawValue
        var missing: [Int64] = []
        for store in [Migrator.Store.conversations, .machines] {
            do throws(PostgresMigrationError) {
                missing += try await PostgresMigrator(store: store, deadline: timeout).missing(connection)
            } catch {
                return (
                    false, [.failure(name, "\(error)", nextStep: "Install the Rivet that wrote it, or a later one")]
                )
            }
        }
        guard !missing.isEmpty else { return (true, await missingTriggers(name, connection)) }
        let list = missing.sorted().map { "\($0)" }.joined(separator: ", ")
        return (
            false,
            [
                .warning(
                    name, "migration \(list) was not applied yet",
                    nextStep: "The services apply it when they connect; or run rivetctl migrate --tier \(name)")
            ]
        )
    }

    private func missingTriggers(_ name: String, _ connection: PostgresConnection) async -> [Finding] {
        do throws(PostgresError) {
            let missing = try await PostgresMigrator.missingTriggers(connection, deadline: timeout)
            guard let note = PostgresMigrator.note(ofMissingTriggers: missing) else { return [] }
            return [.warning(name, note.cause, nextStep: note.nextStep)]
        } catch { return [.failure(name, "its triggers cannot be read: \(error)", nextStep: "Run this again")] }
    }
}
