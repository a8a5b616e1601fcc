import Contracts
import Glibc
import ServiceKit
import TestSupport
import Testing
import Wire

@testable import Control

@Suite struct ServiceCallerTests {
    private static let path = "/run/rivet/state.sock"

    @Test(arguments: [
        (Int32(0), SocketProbe.Finding.listening), (EAGAIN, .listening), (ENOENT, .noFile), (ENOTDIR, .noFile),
        (ECONNREFUSED, .nobodyListens), (EACCES, .permissionDenied), (EPERM, .permissionDenied),
        (EPROTOTYPE, .failed(code: EPROTOTYPE)),
    ])
    func `Each result of connect: has a meaning`(_ code: Int32, _ finding: SocketProbe.Finding) {
        #expect(SocketProbe.finding(code: code) == finding)
    }

    @Test func `A socket: found listening, left over or missing`() throws {
        let directory = try TestDirectory()
        let path = directory.path + "/state.sock"
        #expect(SocketProbe.find(path) == .noFile)
        let listener = try TestListener(path: path)
        #expect(SocketProbe.find(path) == .listening)
        listener.close()
        #expect(SocketProbe.find(path) == .nobodyListens)
        #expect(SocketProbe.find(String(repeating: "x", count: 108)) == .failed(code: ENAMETOOLONG))
    }

    @Test(arguments: [
        (
            SocketProbe.Finding.noFile,
            "rivetctl: rivet-state does not answer on /run/rivet/state.sock: no such file. Is it running? systemctl status "
                + "rivet-state, or make run; is the directory right? RIVET_RUNTIME_DIR, or --runtime-dir", Int32(2)
        ),
        (
            .nobodyListens,
            "rivetctl: rivet-state does not answer on /run/rivet/state.sock: no process listens, the file is left over."
                + " Is it running? systemctl status rivet-state, or make run", 2
        ),
        (
            .permissionDenied,
            "rivetctl: /run/rivet/state.sock: permission denied. Only root and the group rivet may call: use sudo, or "
                + "join that group and log in again", 2
        ),
        (
            .failed(code: ENAMETOOLONG),
            "rivetctl: the socket path /run/rivet/state.sock is longer than 107 bytes. Set RIVET_RUNTIME_DIR or "
                + "--runtime-dir to a shorter path", 78
        ),
    ])
    func `A service that does not listen: reported in one line`(
        _ finding: SocketProbe.Finding, _ line: String, _ exitCode: Int32
    ) {
        let failure = ServiceCaller.failure(of: .state, path: Self.path, finding, group: "rivet")
        #expect(failure.line == line)
        #expect(failure.exitCode == exitCode)
    }

    @Test(arguments: [
        (WireError.deadlineExceeded, Int32(2)), (.connectionLost, 2), (.protocolViolation("x"), 1),
        (.remote(RPCError(.invalidArgument, "user_id must be short")), 64),
        (.remote(RPCError(.unavailable, "full")), 1),
        (.remote(RPCError(.internalError, "a\nb")), 1),
    ])
    func `A call that fails: has an exit code and one line`(_ error: WireError, _ exitCode: Int32) {
        let failure = ServiceCaller.failure(of: .state, path: Self.path, error, deadline: .seconds(2))
        #expect(failure.exitCode == exitCode)
        #expect(failure.line.hasPrefix("rivetctl: rivet-state"))
        #expect(failure.line.split(whereSeparator: { $0.isNewline }).count == 1)
    }

    @Test func `A silent service: given up after the limit`() async throws {
        let directory = try TestDirectory()
        let listener = try TestListener(path: directory.path + "/state.sock")
        defer { listener.close() }
        let caller = ServiceCaller(settings: Settings(variables: ["RIVET_RUNTIME_DIR": directory.path]))
        let failure = await #expect(throws: CommandFailure.self) {
            try await caller.call(.state, StateSweep.self, NoParams(), deadline: .milliseconds(20))
        }
        #expect(failure?.exitCode == ExitCodes.unreachable)
        #expect(failure?.cause.hasSuffix("did not answer within 20ms") == true)
    }

    @Test func `A service that responds: its result is returned`() async throws {
        let directory = try TestDirectory()
        let settings = Settings(variables: ["RIVET_RUNTIME_DIR": directory.path])
        let context = ServiceContext.forCaller(name: "rivet-state", settings: settings)
        var methods = MethodTable()
        methods.on(StateSweep.self) { _ throws(RPCError) in .now(StateSweep.Output(deleted: 3)) }
        let server = WireServer(
            listener: .path(context.socketPath("state")), handler: methods, eventLoop: context.eventLoop,
            logger: context.logger)
        try await server.bind()
        async let serving: Void = server.run()
        let caller = ServiceCaller(settings: settings)
        let output = try await caller.call(.state, StateSweep.self, NoParams(), deadline: .seconds(10))
        #expect(output.deleted == 3)
        server.shutdown()
        try await serving
    }

    @Test func `The group of a file that cannot be seen: that of its directory`() {
        #expect(FileGroup.name(of: "/etc/nothing/of/that/name") == FileGroup.name(of: "/etc"))
        #expect(FileGroup.name(of: "/etc") == "root")
    }

    @Test(arguments: ["", "soon", "0s", "-1s", "2"])
    func `A text that is no limit: a usage error`(_ argument: String) {
        #expect(throws: (any Error).self) { try TimeLimit.parse(argument) }
    }

    @Test func `A limit: a duration`() throws {
        #expect(try TimeLimit.parse("750ms").duration == .milliseconds(750))
    }
}

/// A listening socket: the kernel completes connections, but no byte is ever read or sent.
struct TestListener {
    private let descriptor: Int32

    init(path: String) throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        let descriptor = descriptor
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(result == 0 && listen(descriptor, 8) == 0, "\(errno)")
    }

    func close() { Glibc.close(descriptor) }
}
