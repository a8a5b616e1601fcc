import Contracts
import Foundation
import Glibc
import TelegramSimulator
import TestSupport
import Testing

/// Whole conversations over real PostgreSQL databases that are killed, lost, and return.
@Suite(
    .serialized, .withProcesses,
    .enabled(if: PostgresCluster.isInstalled, "PostgreSQL is not installed"))
struct PostgresFlowTests {
    @Test func `PostgreSQL killed during an entry: the entry is completed`() async throws {
        let cluster = try PostgresCluster()
        let databases = try await RemoteDatabases(1, in: cluster)
        try await RivetUnderTest.run(databases.environment) { rivet in
            try await rivet.waitUntilWhole()
            let ada = await rivet.telegram.user(42)
            let entry = MachineEntry.peculiar
            try await MachineEntry.begin(ada)
            try await entry.tell(ada, through: 2)
            let state = try rivet.state.client().result("state.load", conversation("42"))["state"]
            #expect(state?["stored_in"] == ["neon", "sqlite", "memory"])
            cluster.kill()
            try await entry.tell(ada, from: 3)
            try await rivet.waitUntilAllDone()
            let said = await rivet.telegram.allBotMessages(in: 42)
            #expect(!said.contains { $0.text.contains("memory only") })
            #expect(try rivet.state.client().result("service.health")["status"] == "degraded")
            #expect(try rivet.machineCount(of: 42) == 1)
            try cluster.start()
            try await rivet.expectTiers(of: 42, [entry], databases)
            #expect(await rivet.questionsAsked(in: 42) == MachineEntry.steps)
        }
    }

    /// Stopped in order or killed with `kill -9`, one after another, with an answer after each.
    @Test(arguments: [false, true])
    func `Every service restarted during an entry: the entry is completed`(_ isKilled: Bool) async throws {
        let databases = try await RemoteDatabases(2)
        try await RivetUnderTest.run(databases.environment) { rivet in
            let ada = await rivet.telegram.user(42)
            let entry = MachineEntry.peculiar
            try await MachineEntry.begin(ada)
            for step in 0...5 {
                let process = rivet.all[step % 3]
                if isKilled { try process.kill() } else { #expect(try process.stop() == 0) }
                try process.start()
                #expect(try rivet.step(of: 42) == MachineEntry.steps[step])
                try await entry.tell(ada, from: step, through: step)
            }
            #expect(await rivet.questionsAsked(in: 42) == MachineEntry.steps)
            try await rivet.waitUntilAllDone()
            try await rivet.expectTiers(of: 42, [entry], databases)
        }
    }

    /// The machine that Rivet runs on is lost, and another one with an empty disk replaces it.
    @Test func `A lost disk: filled from PostgreSQL during an entry`() async throws {
        let databases = try await RemoteDatabases(2)
        try await RivetUnderTest.run(databases.environment) { rivet in
            try await rivet.waitUntilWhole()
            let ada = await rivet.telegram.user(42)
            let (first, second) = (MachineEntry.peculiar, MachineEntry.plain("Valve"))
            try await MachineEntry.begin(ada)
            try await first.tell(ada)
            try await MachineEntry.begin(ada)
            try await second.tell(ada, through: 2)
            try await rivet.waitUntilAllDone()
            try await rivet.waitUntilWhole()
            try rivet.kill(rivet.all)
            // The first tier is unavailable at first.
            databases.proxies[0].set(.refuse)
            for process in [rivet.state, rivet.library] {
                for suffix in ["", "-wal", "-shm"] { unlink(process.databasePath + suffix) }
            }
            for process in rivet.all.reversed() { try process.start() }
            #expect(try rivet.step(of: 42) == "serial")
            #expect(try rivet.machineCount(of: 42) == 1)
            databases.proxies[0].set(.pass)
            try await second.tell(ada, from: 3)
            #expect(await rivet.questionsAsked(in: 42) == MachineEntry.steps + MachineEntry.steps)
            try await rivet.waitUntilAllDone()
            try await rivet.expectTiers(of: 42, [first, second], databases)
        }
    }

    /// A debt to a database is written to disk before the write is reported as durable.
    @Test func `Debts: survive a kill`() async throws {
        let databases = try await RemoteDatabases(2)
        try await RivetUnderTest.run(databases.environment) { rivet in
            try await rivet.waitUntilWhole()
            // The gateway may repeat questions of conversations from before its first poll, and it notes that in the
            // store.
            try await rivet.telegram.waitForPoll()
            databases.set(.refuse)
            for number in 0..<20 {
                let saved = try rivet.state.client().result(
                    "state.save", saving("\(number)", step: "model", data: ["n": .integer(Int64(number))], update: 1))
                #expect(saved["durable"] == true && saved["stored_in"] == ["sqlite", "memory"])
                let added = try rivet.library.client().result("library.add", adding("7", "Machine \(number)"))
                #expect(added["durable"] == true)
            }
            try rivet.kill([rivet.state, rivet.library])
            for process in [rivet.state, rivet.library] { try process.start() }
            let health = try rivet.state.client().result("service.health")
            #expect(health["tiers"]?[0]?["pending"] == 20 && health["tiers"]?[1]?["pending"] == 20)
            databases.set(.pass)
            try await rivet.expectTiers(of: 42, [], databases)
            #expect(try await databases.rows("SELECT count(*) FROM conversation_states", on: 1) == [["20"]])
            #expect(try await databases.rows("SELECT count(*) FROM user_machines", on: 1) == [["20"]])
        }
    }

    /// Killed between the database's response and the commit on disk, and after that commit, many times.
    @Test(arguments: ["store.before-commit", "store.after-commit"], [CrashTests.Victim.state, .library])
    func `A store killed between two durable steps: the databases get everything`(
        _ point: String, _ victim: CrashTests.Victim
    ) async throws {
        let databases = try await RemoteDatabases(2)
        try await RivetUnderTest.run(databases.environment) { rivet in
            try await rivet.waitUntilWhole()
            for process in victim.processes(rivet) { try process.restart(["RIVET_KILL_AT": point]) }
            try await CrashTests().converse(rivet, victim.processes(rivet), point)
            // The killed services left debts; the databases get them after the restart.
            for process in [rivet.state, rivet.library] { try process.start() }
            try await rivet.waitUntilWhole()
            let stored = try await databases.rows("SELECT nickname FROM user_machines", on: 1)
            #expect(try await stored == databases.rows("SELECT nickname FROM user_machines") && stored.count == 1)
            let open = try await databases.rows(
                "SELECT user_id FROM conversation_states WHERE NOT closed AND conversation_type = 'add_machine'", on: 1)
            #expect(open.isEmpty)
        }
    }

    /// The only durable place left is the service's spill file, which survives a kill.
    @Test func `A full disk, PostgreSQL down and rivet-state killed: the entry is completed`() async throws {
        let directory = try TestDirectory()
        guard let disk = SmallDisk(bytes: 4 * 1_048_576, at: directory.path + "/disk") else {
            print("not tested: only root may mount a small disk to fill")
            return
        }
        let databases = try await RemoteDatabases(1)
        let environment = databases.environment.merging(["RIVET_STATE_DIR": disk.path]) { _, own in own }
        try await RivetUnderTest.run(environment, in: directory) { rivet in
            try await rivet.waitUntilWhole()
            let ada = await rivet.telegram.user(42)
            let entry = MachineEntry.plain("Pump")
            try await MachineEntry.begin(ada)
            try await rivet.waitUntilAllDone()
            databases.set(.refuse)
            disk.fill()
            for number in 0... {
                let saved = try rivet.state.client().result(
                    "state.save", saving("filler", step: "s\(number)", data: ["x": .string(of: "x", 4_000)]))
                if saved["durable"] == false { break }
            }
            let update = try await ada.send("Pump")
            let reply = try await ada.nextMessage()
            #expect(reply.text.contains("✅") && reply.text.contains(MachineEntry.questions[1]))
            #expect(reply.text.components(separatedBy: "held in memory only").count == 2)
            #expect(await !rivet.telegram.isConfirmed(update))
            #expect(try rivet.state.client().result("service.health")["status"] == "failing")
            for _ in 1...2 {
                try rivet.kill([rivet.state])
                try rivet.state.start()
                let state = try rivet.state.client().result("state.load", conversation("42"))["state"]
                #expect(state?["step"] == "manufacturer" && state?["data"]?["nickname"] == "Pump")
                #expect(state?["stored_in"] == ["memory"])
            }
            try await entry.tell(ada, from: 1, through: 3)
            #expect(await !rivet.telegram.isConfirmed(update))
            disk.free()
            try await rivet.waitUntilAllDone(timeout: .seconds(60))
            try await entry.tell(ada, from: 4)
            #expect(await rivet.telegram.allBotMessages(in: 42).last?.text.contains("memory only") == false)
            databases.set(.pass)
            #expect(await rivet.questionsAsked(in: 42) == MachineEntry.steps)
            try await rivet.waitUntilAllDone()
            try await rivet.expectTiers(of: 42, [entry], databases)
        }
    }
}
