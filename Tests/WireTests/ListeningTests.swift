import Glibc
import NIOCore
import TestSupport
import Testing

@testable import Wire

@Suite(.timeLimit(.minutes(1))) struct ListeningTests {
    private func server(_ listener: WireListener) -> WireServer {
        WireServer(listener: listener, handler: testHandler(), eventLoop: testLoop, logger: quietLogger)
    }

    private func mode(_ path: String) -> mode_t {
        var status = stat()
        return stat(path, &status) == 0 ? status.st_mode & 0o7777 : 0
    }

    @Test func `The socket file: has its mode under any umask`() async throws {
        try await withServer { _, path in #expect(mode(path) == 0o660) }
    }

    @Test func `A stale socket file: replaced, and that of a live server is not`() async throws {
        let directory = try TestDirectory()
        let path = "\(directory.path)/s"
        do {
            let stale = try UnixSocket.make()
            try stale.bind(to: path)
        }
        #expect(access(path, F_OK) == 0)
        try await withServer(path: path) { _, _ in
            await #expect(throws: WireListenError.inUse(path: path)) { try await server(.path(path)).bind() }
            _ = try await blocking { try RawSocket(path: path) }
        }
        #expect(access(path, F_OK) != 0)
    }

    @Test func `A file that is no socket: left alone`() async throws {
        let directory = try TestDirectory()
        let path = "\(directory.path)/s"
        close(open(path, O_CREAT | O_WRONLY, 0o600))
        await #expect(throws: WireListenError.notASocket(path: path)) { try await server(.path(path)).bind() }
        #expect(access(path, F_OK) == 0)
    }

    @Test func `A path that is too long: named in the error`() async throws {
        let path = "/tmp/" + String(repeating: "x", count: 103)
        await #expect(throws: WireListenError.pathTooLong(path: path, bytes: 108)) {
            try await server(.path(path)).bind()
        }
    }

    @Test func `An inherited socket: served, and its file stays`() async throws {
        let directory = try TestDirectory()
        let path = "\(directory.path)/s"
        let socket = try UnixSocket.make()
        try socket.bind(to: path)
        try socket.listen()
        for _ in 1...2 {
            let inherited = dup(socket.descriptor)
            let server = server(.inherited(descriptor: inherited))
            try await server.bind()
            #expect(fcntl(inherited, F_GETFD) & FD_CLOEXEC != 0)
            async let run: Void = server.run()
            let answer = try await blocking {
                let client = try RawSocket(path: path)
                try client.send(frame: request(1, "echo"))
                return try client.readFrame()
            }
            #expect(answer != nil)
            server.shutdown()
            try await run
            #expect(access(path, F_OK) == 0)
        }
        withExtendedLifetime(socket.descriptor) {}
    }

    @Test func `A server that was shut down: does not listen`() async throws {
        let directory = try TestDirectory()
        let path = "\(directory.path)/s"
        let server = server(.path(path))
        server.shutdown()
        await #expect(throws: WireListenError.alreadyBound) { try await server.bind() }
        try await server.run()
        #expect(access(path, F_OK) != 0)
    }

    @Test func `A socket that does not listen: not inherited`() async throws {
        let socket = try UnixSocket.make()
        await #expect(throws: WireListenError.notListening(descriptor: socket.descriptor)) {
            try await server(.inherited(descriptor: socket.descriptor)).bind()
        }
    }

    @Test func `Every descriptor: closes on exec`() async throws {
        try await withServer { _, path in
            let client = WireClient(path: path, eventLoop: testLoop, logger: quietLogger)
            _ = try await client.call("echo", deadline: .seconds(5))
            for descriptor in 3..<64 as Range<Int32> where SocketInspection.boundPath(of: descriptor) == path {
                #expect(fcntl(descriptor, F_GETFD) & FD_CLOEXEC != 0)
            }
            await client.shutdown()
        }
    }

    @Test func `The peer's credentials: as the kernel reports them`() async throws {
        try await withServer { _, path in
            let socket = try await blocking { try RawSocket(path: path) }
            let peer = SocketInspection.peer(of: socket.descriptor)
            #expect(peer == PeerCredentials(processID: getpid(), userID: geteuid(), groupID: getegid()))
            #expect(SocketInspection.supplementaryGroups(of: socket.descriptor).count == Int(getgroups(0, nil)))
        }
    }
}
