import Contracts
import Foundation
import TestSupport
import Testing

@testable import Persistence

/// A row that a server cannot return: the pull continues behind it, and ends.
@Suite(.serialized, .needsPostgres)
struct UntoldRowTests {
    enum Fault: CaseIterable {
        /// The part that is stored outside of the row (TOAST) is lost: XX001.
        case damaged
        /// Returning it takes longer than the server's statement time-out: 57014.
        case slow
    }

    private func insert(_ databases: TierDatabases) async throws {
        let times = "'2027-01-15 07:00', '2027-01-15 07:00'"
        try await databases.run(
            """
            INSERT INTO user_machines (machine_id, user_id, nickname, created_at, updated_at)
            SELECT ('00000000-0000-4000-8000-' || lpad(number::text, 12, '0'))::uuid, '7', 'M' || number, \(times)
            FROM generate_series(1, 60) AS number
            """)
        try await databases.run(
            """
            INSERT INTO conversation_states (user_id, chat_id, current_step, state_data, started_at, updated_at, expires_at)
            SELECT number, number, 'model', '{}', \(times), '2027-01-16 07:00' FROM generate_series(1, 60) AS number
            """)
    }

    /// Makes the server fail at the row with number 31.
    private func plant(_ fault: Fault, _ databases: TierDatabases) async throws {
        let connection = try await databases.sql()
        defer { connection.close() }
        let (machine, conversation) = ("WHERE nickname = 'M31'", "WHERE user_id = '31'")
        switch fault {
        case .damaged:
            // Too long for a row, and too random to be compressed.
            let text = "(SELECT jsonb_agg(md5(random()::text)) FROM generate_series(1, 400))"
            try await connection.run("UPDATE user_machines SET ocr_data = jsonb_build_object('x', \(text)) \(machine)")
            try await connection.run(
                "UPDATE conversation_states SET state_data = jsonb_build_object('x', \(text)) \(conversation)")
            var files: [String] = []
            for table in ["user_machines", "conversation_states"] {
                let path = try await connection.run(
                    "SELECT pg_relation_filepath(reltoastrelid) FROM pg_class WHERE oid = '\(table)'::regclass")
                files.append(URL(filePath: try #require(path.rows.first?.text(0))).lastPathComponent)
            }
            connection.close()
            try await loseContent(of: files, databases)
        case .slow:
            // 390 MB of text, which no machine writes within the time-out.
            let numbers = "(SELECT jsonb_agg('1e131000'::numeric) FROM generate_series(1, 3000))"
            try await connection.run(
                "UPDATE user_machines SET ocr_data = jsonb_build_object('x', \(numbers)) \(machine)")
            try await connection.run(
                "UPDATE conversation_states SET state_data = jsonb_build_object('x', \(numbers)) \(conversation)")
            try await connection.run("ALTER DATABASE \(databases.names[0]) SET statement_timeout = '250ms'")
        }
    }

    /// Replaces the database by a copy with zeros in `files`. No page of a copy is in the server's memory yet.
    private func loseContent(of files: [String], _ databases: TierDatabases) async throws {
        let name = databases.names[0]
        try await databases.administer("CREATE DATABASE \(name)_copy TEMPLATE \(name) STRATEGY file_copy")
        let server = try await Server.connect(databases.clusters[0].url())
        defer { server.close() }
        let place = try await server.run(
            """
            SELECT current_setting('data_directory') || '/base/' || oid FROM pg_database WHERE datname = '\(name)_copy'
            """)
        let directory = try #require(place.rows.first?.text(0))
        for file in files {
            let handle = try FileHandle(forUpdating: URL(filePath: "\(directory)/\(file)"))
            let length = try handle.seekToEnd()
            #expect(length > 0)
            try handle.seek(toOffset: 0)
            try handle.write(contentsOf: Data(count: Int(length)))
            try handle.close()
        }
        try await databases.administer("DROP DATABASE \(name)")
        try await databases.administer("ALTER DATABASE \(name)_copy RENAME TO \(name)")
    }

    @Test(arguments: Fault.allCases)
    func `A row that the tier cannot show: is put aside alone, and the pull ends behind it`(_ fault: Fault) async throws
    {
        let test = try await StoreUnderTest()
        for store in [Migrator.Store.conversations, .machines] { try await test.databases.migrate(store) }
        try await insert(test.databases)
        try await plant(fault, test.databases)
        let (states, library) = (try await test.conversations(), try await test.machines())
        // The rows before it and behind it.
        for status in [{ library.status }, { states.status }] {
            try await eventually("the pull ends", within: .seconds(180)) { status().counters["pulls.neon"] ?? 0 > 0 }
            #expect(status().counters["rows.quarantined"] == 1, "\(status().summary)")
            #expect(status().state(of: .neon) == .up && status().healthReport(at: test.clock.now()).status == .degraded)
        }
        let names = Set(try await library.list().map(\.details.nickname))
        #expect(names == Set((1...60).map { "M\($0)" }).subtracting(["M31"]))
        for user in ["1", "60"] { #expect(try await states.load(user)?.step == "model") }
        // The tier accepts writes as before.
        try await library.add("New")
        try await states.save("31", "nickname")
        try await library.whole()
        try await states.whole()
        await states.close()
        await library.close()
        let kept = try Database(test.libraryPath).rows("SELECT key, content FROM quarantine")
        #expect(kept.count == 1 && kept[0][0] == "00000000-0000-4000-8000-000000000031", "\(kept)")
        #expect(kept[0][1]?.hasPrefix("not told by neon: ") == true)
    }
}

extension StoreStatus {
    fileprivate func state(of tier: TierName) -> ServiceHealth.Tier.State? {
        remote.first { $0.name == tier }?.state
    }
}
