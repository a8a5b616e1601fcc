import Foundation
import Glibc
import Persistence
import ServiceKit
import TestSupport
import Testing

@testable import Control

@Suite struct LocalDatabaseTests {
    private let directory: TestDirectory
    private let settings: Settings
    private let database = LocalDatabase.all[0]

    init() throws {
        directory = try TestDirectory()
        settings = Settings(variables: ["RIVET_STATE_DIR": directory.path, "RIVET_RUNTIME_DIR": directory.path])
    }

    @Test func `A missing file: created, and up to date after that`() throws {
        for database in LocalDatabase.all {
            #expect(try !database.migrate(settings).isEmpty)
            #expect(try database.migrate(settings) == [])
            let mode = try FileManager.default.attributesOfItem(atPath: database.path(settings))[.posixPermissions]
            #expect(mode as? Int == 0o600)
        }
    }

    @Test func `The database of a running service: left alone`() throws {
        let listener = try TestListener(path: directory.path + "/state.sock")
        defer { listener.close() }
        let failure = #expect(throws: CommandFailure.self) { try database.migrate(settings) }
        #expect(failure?.exitCode == ExitCodes.failed)
        #expect(failure?.cause.hasPrefix("rivet-state is running") == true)
        #expect(failure?.nextStep?.hasPrefix("It migrates by itself") == true)
        #expect(!FileManager.default.fileExists(atPath: database.path(settings)))
    }

    @Test func `A file that another process has open: left alone`() throws {
        let path = database.path(settings)
        #expect(DatabaseHolder.find(path) == nil)
        let descriptor = open(path + "-shm", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        defer { close(descriptor) }
        #expect(DatabaseHolder.find(path) == nil)
        // As SQLite in another process holds it; a POSIX lock of this process would not conflict with itself.
        var lock = flock()
        lock.l_type = Int16(F_RDLCK)
        lock.l_whence = Int16(SEEK_SET)
        lock.l_start = 128
        lock.l_len = 1
        try #require(fcntl(descriptor, 37 /* F_OFD_SETLK */, &lock) == 0)
        #expect(DatabaseHolder.find(path) == "another process")
        let failure = #expect(throws: CommandFailure.self) { try database.migrate(settings) }
        #expect(failure?.cause == "\(path) is open in another process")
    }

    @Test func `A missing directory: not created`() {
        let settings = Settings(variables: ["RIVET_STATE_DIR": "/nonexistent/x", "RIVET_RUNTIME_DIR": directory.path])
        let failure = #expect(throws: CommandFailure.self) { try database.migrate(settings) }
        #expect(failure?.nextStep?.hasSuffix("mkdir -m 700 -p /nonexistent/x") == true)
    }

    @Test func `A file that is no database: named in the error`() throws {
        try directory.write(String(repeating: "no database ", count: 400), to: "state.db")
        let failure = #expect(throws: CommandFailure.self) { try database.migrate(settings) }
        #expect(failure?.exitCode == ExitCodes.failed)
        #expect(failure?.line.contains("/state.db: ") == true)
    }
}
