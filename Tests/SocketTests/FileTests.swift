import Contracts
import Foundation
import Glibc
import TestSupport
import Testing

/// The files that the services create, and those that they find.
@Suite(.serialized, .withProcesses)
struct FileTests {
    @Test(arguments: [RivetBinary.state, .library])
    func `The files of a service: unreadable to other users`(_ binary: RivetBinary) throws {
        let service = try running(binary)
        if binary == .state {
            _ = try service.client().result("state.save", saving("u"))
        } else {
            _ = try service.client().result("library.add", adding("u", "Pump"))
        }
        for suffix in ["", "-wal", "-shm"] { #expect(fileMode(service.databasePath + suffix) == 0o600, "\(suffix)") }
        #expect(fileMode(service.socketPath) == 0o660)
        #expect(fileMode(service.stateDirectory) == 0o700)
    }

    @Test(arguments: [RivetBinary.state, .library])
    func `A database of a newer version: refused and left alone`(_ binary: RivetBinary) throws {
        let service = try running(binary)
        try service.stop()
        try Database(service.databasePath)
            .rows("INSERT INTO rivet_schema_migrations(version, name) VALUES (999, 'future')")
        let before = try Data(contentsOf: URL(fileURLWithPath: service.databasePath))
        #expect(try service.launch().wait() == 1)
        #expect(service.log.contains("999") && service.log.contains("newer"))
        #expect(try Data(contentsOf: URL(fileURLWithPath: service.databasePath)) == before)
        #expect(!FileManager.default.fileExists(atPath: service.socketPath))
    }

    @Test func `A second instance on one socket: refused`() throws {
        let service = try running(.state)
        _ = try service.client().result("state.save", saving("u"))
        let second = try made(.state, ["RIVET_STATE_DIR": service.directory.path + "/other"], in: service.directory)
        #expect(try second.launch().wait() == 1)
        // As an operator would start it by mistake: on the same database, too.
        let third = try made(.state, in: service.directory)
        #expect(try third.launch().wait() == 1)
        #expect(service.log.contains("state.sock"))
        #expect(try service.client().result("state.save", saving("u", step: "next"))["durable"] == true)
        #expect(try service.client().result("state.load", conversation("u"))["state"]?["step"] == "next")
    }

    /// Each instance would respond from its own memory, and SQLite 3.40 breaks a file that two connections write and
    /// checkpoint.
    @Test(arguments: [RivetBinary.state, .library])
    func `A second instance on one database: refused`(_ binary: RivetBinary) throws {
        let service = try running(binary)
        let second = try made(
            binary, ["RIVET_RUNTIME_DIR": service.directory.path + "/other"], in: service.directory)
        #expect(try second.launch().wait() == 1)
        #expect(service.log.contains("is in use by another process"))
        #expect(try service.client().result("service.health")["status"] == "ok")
    }

    @Test func `A stale socket file: replaced, and any other file is not`() throws {
        let service = try running(.state)
        try service.kill()
        #expect(FileManager.default.fileExists(atPath: service.socketPath))
        try service.start()
        try service.stop()
        #expect(!FileManager.default.fileExists(atPath: service.socketPath))
        #expect(FileManager.default.createFile(atPath: service.socketPath, contents: Data("mine".utf8)))
        #expect(try service.launch().wait() == 1)
        #expect(try String(contentsOfFile: service.socketPath, encoding: .utf8) == "mine")
    }

    @Test(arguments: [RivetBinary.state, .library])
    func `A stop: finishes the calls that were accepted and leaves one file`(_ binary: RivetBinary) throws {
        let service = try running(binary)
        for round in 0..<5 {
            let client = try service.client()
            for call in 0..<64 {
                if binary == .state {
                    try client.send("state.save", saving("u\(round)-\(call)"))
                } else {
                    try client.send("library.add", adding("u", "M \(round)-\(call)"))
                }
            }
            // One response has arrived, so other calls are in progress.
            var answered = try client.response()["result"] != nil ? 1 : 0
            try service.process.signal(SIGTERM)
            while let body = try client.receiveBody() {
                let answer = try JSONValue(parsing: body)
                if answer["result"] != nil { answered += 1 }
            }
            #expect(try service.process.wait() == 0)
            for suffix in ["-wal", "-shm"] {
                #expect(!FileManager.default.fileExists(atPath: service.databasePath + suffix))
            }
            #expect(!FileManager.default.fileExists(atPath: service.socketPath))
            // Every acknowledged row is stored; others may be stored, too.
            let table =
                binary == .state
                ? "conversation_states WHERE user_id LIKE 'u\(round)-%'"
                : "user_machines WHERE nickname LIKE 'M \(round)-%'"
            let stored = try Database(service.databasePath).rows("SELECT count(*) FROM \(table)")
            #expect(try #require(stored[0][0].flatMap { Int($0) }) >= answered)
            #expect(answered >= 1)
            try service.start()
        }
    }

    @Test(arguments: [SIGTERM, SIGINT])
    func `SIGTERM and SIGINT: both stop a service`(_ number: Int32) throws {
        let service = try running(.library)
        try service.process.signal(number)
        #expect(try service.process.wait() == 0)
    }
}
