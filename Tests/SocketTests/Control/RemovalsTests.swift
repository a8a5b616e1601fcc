import Contracts
import Foundation
import TestSupport
import Testing

/// `rivetctl accept` and `reject`, with running services and rows that were deleted with SQL.
@Suite(.withProcesses, .enabled(if: PostgresCluster.isInstalled, "PostgreSQL is not installed"))
struct RemovalsTests {
    /// Services whose library has 300 machines, 250 of which were deleted in the tier with SQL and not here.
    private func services(_ neon: PlainDatabase) async throws -> StoringServices {
        let services = try StoringServices(["NEON_DATABASE_URL": neon.url])
        let migrated = try services.control("migrate", "--tier", "neon")
        #expect(migrated.exitCode == 0, "\(migrated.text)")
        try await neon.rows(
            "INSERT INTO user_machines (user_id, nickname) SELECT '7', 'Machine ' || n FROM generate_series(1, 300) AS n"
        )
        try services.start()
        try await services.settle()
        #expect(try total(services) == 300)
        try await neon.rows(
            "DELETE FROM user_machines WHERE id IN (SELECT id FROM user_machines ORDER BY id LIMIT 250)")
        #expect(try services.control("pull").exitCode == 0)
        return services
    }

    private func total(_ services: StoringServices) throws -> Int64? {
        try services.library.client().result("library.list", ["user_id": "7"])["total"]?.integerValue
    }

    private func count(_ neon: PlainDatabase) async throws -> [[String?]] {
        try await neon.rows("SELECT count(*) FROM user_machines")
    }

    @Test(arguments: ["accept", "reject"])
    func `Many rows deleted in a tier: none is removed before rivetctl decides, and its decision holds`(
        _ decision: String
    ) async throws {
        let neon = try await PlainDatabase()
        let services = try await services(neon)
        #expect(try total(services) == 300)
        let health = try services.control("health")
        #expect(health.text.contains("neon reports that 250 records"), "\(health.text)")
        #expect(health.text.contains("rivetctl accept neon") && health.text.contains("rivetctl reject neon"))
        let tiers = try services.control("tiers", "--json")
        #expect(
            try tiers.json["services"]?["rivet-library"]?["counters"]?["removals.held.neon"] == 250, "\(tiers.text)")
        let run = try services.control(decision, "neon", "--json")
        #expect(run.exitCode == 0, "\(run.text)")
        #expect(try run.json["services"]?["rivet-library"] == ["removals": 250, "done": true])
        #expect(try run.json["services"]?["rivet-state"] == ["removals": 0, "done": true])
        let left: Int64 = decision == "accept" ? 50 : 300
        #expect(try total(services) == left)
        try await services.settle()
        #expect(try await count(neon) == [["\(left)"]])
        #expect(try services.library.client().result("service.health")["status"] == "ok")
        // Nothing is left to decide.
        let again = try services.control(decision, "neon")
        #expect(again.exitCode == 0 && again.lines.contains("rivet-library: no removal in neon is deferred"))
        #expect(try services.control("verify").exitCode == 0)
    }

    @Test func `A tier that is not configured: refused with the names of the configured ones`() async throws {
        let neon = try await PlainDatabase()
        let services = try StoringServices(["NEON_DATABASE_URL": neon.url])
        try services.start()
        let run = try services.control("accept", "railway")
        #expect(run.exitCode == 64 && run.text.contains("one of neon"), "\(run.text)")
        #expect(try services.control("accept", "sqlite").exitCode == 64)
        #expect(try services.control("accept").exitCode == 64)
    }
}
