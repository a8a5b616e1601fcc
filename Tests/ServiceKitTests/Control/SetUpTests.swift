import Foundation
import Glibc
import ServiceKit
import TestSupport
import Testing

@testable import Control

/// Which Rivet a command concerns, and where its settings and secrets come from.
@Suite struct SetUpTests {
    private let directory: TestDirectory
    private let store: CredentialStore
    private var file: String { directory.path + "/rivet.env" }

    init() throws {
        directory = try TestDirectory()
        for name in ["running/rivet-state.service", "etc", "lib"] {
            try FileManager.default.createDirectory(
                atPath: "\(directory.path)/\(name)", withIntermediateDirectories: true)
        }
        store = CredentialStore(
            running: directory.path + "/running", encryptedStores: [],
            stores: [directory.path + "/etc", directory.path + "/lib"])
    }

    private func setUp(
        _ choices: SetUp.Choices = SetUp.Choices(), _ environment: [String: String] = [:], isInDirectory: Bool = false
    ) -> SetUp {
        SetUp(
            choices, environment: environment, installedFile: file, store: store, hasLocalDirectory: isInDirectory)
    }

    // MARK: Kinds of set-ups

    @Test func `A command: concerns the installed services unless a directory says otherwise`() {
        let installed = setUp()
        #expect(installed.kind == .installed && installed.settings.runtimeDirectory == "/run/rivet")
        #expect(setUp(.init(runtimeDirectory: "/run/rivet")).kind == .installed)
        #expect(setUp(.init(), ["RIVET_RUNTIME_DIR": "/run/rivet"]).kind == .installed)
        // A copy of the installed services' databases.
        let copy = setUp(.init(stateDirectory: "/copy"))
        #expect(copy.kind == .installed && copy.settings.stateDirectory == "/copy")

        #expect(setUp(.init(runtimeDirectory: "/x")).kind == .local(reason: "--runtime-dir is set"))
        for name in ["RIVET_RUNTIME_DIR", "RUNTIME_DIRECTORY", "RIVET_STATE_DIR", "STATE_DIRECTORY"] {
            #expect(setUp(.init(), [name: "/x"]).kind == .local(reason: "\(name) is set"))
            // An empty value counts as not set.
            #expect(setUp(.init(), [name: ""]).kind == .installed)
        }
        let here = setUp(isInDirectory: true)
        #expect(here.kind == .local(reason: "there is a .rivet here"))
        #expect(here.settings.runtimeDirectory == ".rivet/run")
    }

    @Test func `The settings: the file over the environment, the command line over both`() throws {
        try directory.write("RIVET_LOG_LEVEL=debug\nRIVET_STATE_DIR=/of/file\n", to: "rivet.env")
        let environment = ["RIVET_LOG_LEVEL": "info", "NEON_DATABASE_URL": "x"]
        let installed = setUp(.init(), environment)
        #expect(installed.file == .read(file))
        #expect(installed.settings.string("RIVET_LOG_LEVEL") == "debug")
        #expect(installed.settings.string("NEON_DATABASE_URL") == "x")
        #expect(installed.settings.stateDirectory == "/of/file")
        #expect(setUp(.init(stateDirectory: "/said"), environment).settings.stateDirectory == "/said")
        // A local set-up has its own environment, or the file that it names.
        let local = setUp(.init(), environment, isInDirectory: true)
        #expect(local.file == .none && local.settings.string("RIVET_LOG_LEVEL") == "info")
        for setUp in [
            setUp(.init(environmentFile: file), environment, isInDirectory: true),
            setUp(.init(), ["RIVET_ENV_FILE": file], isInDirectory: true),
        ] { #expect(setUp.file == .read(file) && setUp.settings.string("RIVET_LOG_LEVEL") == "debug") }
    }

    @Test func `A wrong file: stops what needs all settings, and calls only if it was named`() async throws {
        try directory.write("A=\0\n", to: "rivet.env")
        let implied = setUp()
        let failure = await #expect(throws: CommandFailure.self) { try await implied.settings(of: .state) }
        #expect(failure?.exitCode == ExitCodes.configuration && failure?.cause.contains(file) == true)
        try implied.requireNamedFile()
        #expect(throws: CommandFailure.self) { try setUp(.init(environmentFile: file)).requireNamedFile() }
        let missing = setUp(.init(environmentFile: directory.path + "/none"))
        #expect(throws: CommandFailure.self) { try missing.requireNamedFile() }
    }

    // MARK: Secrets

    @Test func `A credential: that of the running service, else of the first store that has it`() async throws {
        try directory.write("NEON_DATABASE_URL=of-file\n", to: "rivet.env")
        func neon() async throws -> String? { try await setUp().settings(of: .state).string("NEON_DATABASE_URL") }
        #expect(try await neon() == "of-file")
        try directory.write("of-lib\n", to: "lib/rivet.neon-database-url")
        #expect(try await neon() == "of-lib")
        try directory.write(" of-etc\r\n", to: "etc/rivet.neon-database-url")
        #expect(try await neon() == "of-etc")
        #expect(try await setUp().settings(of: .library).string("NEON_DATABASE_URL") == "of-etc")
        try directory.write("of-running", to: "running/rivet-state.service/neon-database-url")
        #expect(try await neon() == "of-running")
        #expect(try await setUp().settings(of: .library).string("NEON_DATABASE_URL") == "of-etc")
        // An empty credential counts as none, and systemd looks no further.
        try directory.write("\n", to: "running/rivet-state.service/neon-database-url")
        #expect(try await neon() == "of-file")
        // Only the gateway has the token.
        try directory.write("1:abc\n", to: "etc/rivet.telegram-bot-token")
        #expect(try await setUp().settings(of: .gateway).string("TELEGRAM_BOT_TOKEN") == "1:abc")
        #expect(try await setUp().settings(of: .state).string("TELEGRAM_BOT_TOKEN") == nil)
    }

    @Test func `The credential store: unused by a local set-up and by a program with its own credentials`()
        async throws
    {
        try directory.write("of-etc", to: "etc/rivet.neon-database-url")
        #expect(try await setUp(isInDirectory: true).settings(of: .state).string("NEON_DATABASE_URL") == nil)
        try directory.write("own", to: "neon-database-url")
        let settings = try await setUp(.init(), ["CREDENTIALS_DIRECTORY": directory.path]).settings(of: .state)
        #expect(try settings.secret("NEON_DATABASE_URL", credential: "neon-database-url") == "own")
    }

    @Test func `A credential that is no text: named by its path, not shown`() async throws {
        try Data([0x68, 0x75, 0xFF]).write(to: URL(filePath: directory.path + "/etc/rivet.neon-database-url"))
        let failure = await #expect(throws: CommandFailure.self) { try await setUp().settings(of: .state) }
        #expect(failure?.cause == "\(directory.path)/etc/rivet.neon-database-url is not text")
    }

    /// Root may read everything, so the system tests check this with rivetctl as another user under systemd.
    @Test(.enabled(if: geteuid() != 0, "root may read everything"))
    func `A place that this user may not read: asks for sudo`() async throws {
        chmod(directory.path + "/etc", 0)
        defer { chmod(directory.path + "/etc", 0o700) }
        let failure = await #expect(throws: CommandFailure.self) { try await setUp().settings(of: .state) }
        #expect(failure?.cause.hasPrefix("\(directory.path)/etc: permission denied") == true)
        #expect(failure?.nextStep == "Use sudo")
    }

    // MARK: Messages

    @Test func `The places that were searched: named`() throws {
        #expect(setUp().source(of: .state) == "the credentials of rivet-state and the environment")
        try directory.write("", to: "rivet.env")
        #expect(setUp().source(of: .state) == "\(file), the credentials of rivet-state and the environment")
        #expect(
            setUp(isInDirectory: true).source(of: .state)
                == "the environment (there is a .rivet here, so /etc/rivet/rivet.env was not read)")
    }
}
