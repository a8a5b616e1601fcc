import Contracts
import Glibc
import NIOCore
import NIOPosix
import Synchronization
import TestSupport
import Testing

@testable import Wire

@Suite(.timeLimit(.minutes(1))) struct WireServerTests {
    private func number(_ frame: String?) throws -> Int64? {
        try frame.map { try JSONValue(parsing: $0) }?["id"]?.integerValue
    }

    private func errorCode(_ frame: String?) throws -> Int64? {
        try frame.map { try JSONValue(parsing: $0) }?["error"]?["code"]?.integerValue
    }

    @Test func `A call: answered and counted`() async throws {
        try await withServer { server, path in
            let answer = try await blocking {
                let socket = try RawSocket(path: path)
                try socket.send(frame: request(7, "echo", #"{"n":1}"#))
                return try socket.readFrame()
            }
            #expect(answer == #"{"jsonrpc":"2.0","id":7,"result":{"n":1}}"#)
            #expect(server.counters.calls == 1 && server.counters.connections == 1)
        }
    }

    /// Responds after 20 ms to `slow`, at once with an error to other methods, and records each response.
    private final class Timekeeper: CallHandler {
        static let delay = Duration.milliseconds(20)
        let answered = Mutex<[(method: String, nanoseconds: Int64)]>([])

        func begin(_ call: Call) -> CallOutcome {
            guard call.method == "slow" else { return .now(.failure(RPCError(.methodNotFound, "no"))) }
            return .later {
                try? await Task.sleep(for: Self.delay)
                return .success(1)
            }
        }

        func answered(_ method: String, afterNanoseconds duration: Int64) {
            answered.withLock { $0.append((method, duration)) }
        }
    }

    @Test func `A response: reported to its call's handler with its time, and a notification is not`() async throws {
        let timekeeper = Timekeeper()
        try await withServer(timekeeper) { _, path in
            try await blocking {
                let socket = try RawSocket(path: path)
                for method in ["slow", "quick"] {
                    try socket.send(frame: #"{"jsonrpc":"2.0","method":"\#(method)"}"#)
                    try socket.send(frame: request(1, method))
                    _ = try socket.readFrame()
                }
            }
        }
        // The notifications have ended, too: the server waits for them when it shuts down.
        let answered = timekeeper.answered.withLock { $0 }
        #expect(answered.map(\.method) == ["slow", "quick"])
        #expect(answered[0].nanoseconds >= 20_000_000 && answered[1].nanoseconds < answered[0].nanoseconds)
    }

    @Test func `Pipelined calls: begun in order and answered as they finish`() async throws {
        let gate = Gate()
        try await withServer(testHandler(gate: gate)) { _, path in
            let socket = try await blocking { try RawSocket(path: path) }
            for id in 1...3 { try socket.send(frame: request(id, "gate", "{\"n\":\(id)}")) }
            await gate.untilWaiting(3)
            #expect(gate.begun == [1, 2, 3])
            for id in [2, 3, 1] as [Int64] {
                gate.release(id)
                #expect(try number(await blocking { try socket.readFrame() }) == id)
            }
        }
    }

    @Test func `A thousand pipelined calls: all answered, with 64 in flight`() async throws {
        let gate = Gate()
        try await withServer(testHandler(gate: gate)) { _, path in
            let socket = try await blocking { try RawSocket(path: path) }
            let sender = Task {
                try await blocking {
                    for id in 1...1000 { try socket.send(frame: request(id, "gate", "{\"n\":\(id)}")) }
                }
            }
            await gate.untilWaiting(64)
            var random = SeededGenerator("A thousand pipelined calls")
            let answers = Task {
                try await blocking { try (1...1000).map { _ in try socket.readFrame() } }
            }
            for left in stride(from: 1000, to: 0, by: -1) {
                await gate.untilWaiting(min(left, 64))
                if let next = gate.waiting.sorted().randomElement(using: &random) { gate.release(next) }
            }
            try await sender.value
            #expect(try Set(await answers.value.map { try number($0) }) == Set((1...1000).map(Int64.init)))
            #expect(gate.begun == Array(1...1000))
            #expect(gate.mostWaiting == 64)
        }
    }

    @Test func `A client that never reads: delays no other client`() async throws {
        try await withServer { _, path in
            let (deaf, other) = try await blocking { (try RawSocket(path: path), try RawSocket(path: path)) }
            let flood = Task {
                try await blocking {
                    for id in 1...1000 { try deaf.send(frame: request(id, "big", #"{"bytes":10000}"#)) }
                }
            }
            for id in 1...200 {
                try other.send(frame: request(id, "echo"))
                #expect(try number(await blocking { try other.readFrame() }) == Int64(id))
            }
            try await flood.value
            // The client lost nothing: what it did not read waits for it.
            let ids = try await blocking { try (1...1000).map { _ in try deaf.readFrame()?.prefix(40) } }
            #expect(ids.count == 1000 && !ids.contains(nil))
        }
    }

    @Test func `A peer that never reads: closed after the stall timeout`() async throws {
        var configuration = WireServer.Configuration()
        configuration.stallTimeout = .milliseconds(50)
        try await withServer(configuration: configuration) { _, path in
            let code = try await blocking {
                let socket = try RawSocket(path: path)
                var error: Int32?
                while error == nil {
                    do { try socket.send(frame: request(1, "big", #"{"bytes":100000}"#)) } catch let failure
                        as RawSocket.Failure
                    {
                        error = failure.code
                    }
                }
                return error
            }
            #expect(code == EPIPE || code == ECONNRESET)
        }
    }

    @Test func `Bad messages: leave the connection open`() async throws {
        try await withServer { server, path in
            let socket = try await blocking { try RawSocket(path: path) }
            let cases: [(String, Int64)] = [
                ("garbage", -32700), ("\u{0}\u{1}", -32700), ("[]", -32600), ("{}", -32600),
                (#"{"jsonrpc":"2.0","id":1,"method":"echo","params":[]}"#, -32602),
                (#"{"jsonrpc":"2.0","id":1,"method":"none"}"#, -32601),
            ]
            for (body, code) in cases {
                try socket.send(frame: body)
                #expect(try errorCode(await blocking { try socket.readFrame() }) == code)
            }
            try socket.send(frame: #"{"jsonrpc":"2.0","method":"none"}"#)
            try socket.send(frame: request(9, "echo"))
            #expect(try number(await blocking { try socket.readFrame() }) == 9)
            #expect(server.counters.protocolErrors == 5)
        }
    }

    @Test(arguments: [0, 1_048_577, UInt32.max])
    func `A length out of bounds: answered once, and the connection ends`(_ length: UInt32) async throws {
        try await withServer { _, path in
            let frames = try await blocking {
                let socket = try RawSocket(path: path)
                try socket.send(frame: request(1, "echo"))
                try socket.send(RawSocket.header(length) + [UInt8](repeating: 120, count: 3_000_000))
                return [try socket.readFrame(), try socket.readFrame(), try socket.readFrame()]
            }
            #expect(try number(frames[0]) == 1)
            #expect(frames[1]?.hasPrefix(#"{"jsonrpc":"2.0","id":null,"error":{"code":-32600"#) == true)
            #expect(frames[2] == nil)
        }
    }

    @Test func `A frame cut short: ends the connection`() async throws {
        try await withServer { _, path in
            let frames = try await blocking {
                let socket = try RawSocket(path: path)
                try socket.send(RawSocket.frame(request(1, "echo")) + RawSocket.frame(request(2, "echo")).dropLast())
                socket.closeOutput()
                return [try socket.readFrame(), try socket.readFrame()]
            }
            #expect(try number(frames[0]) == 1)
            #expect(frames[1] == nil)
        }
    }

    @Test func `A frame not finished in time: ends the connection`() async throws {
        var configuration = WireServer.Configuration()
        configuration.frameTimeout = .milliseconds(30)
        try await withServer(configuration: configuration) { _, path in
            let socket = try await blocking { try RawSocket(path: path) }
            try socket.send([0, 0, 0, 9, 1])
            #expect(try await blocking { try socket.readFrame() } == nil)
        }
    }

    @Test func `Random bytes: never stop the server`() async throws {
        var random = SeededGenerator("Random bytes")
        let junk = (0..<100).map { _ in
            (0..<Int.random(in: 1...200, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
        }
        try await withServer { _, path in
            let answer = try await blocking {
                for bytes in junk { try? RawSocket(path: path).send(bytes) }
                let socket = try RawSocket(path: path)
                try socket.send(frame: request(1, "echo"))
                return try socket.readFrame()
            }
            #expect(try number(answer) == 1)
        }
    }

    @Test func `Connections that idle or sent half a frame: do not hinder others`() async throws {
        try await withServer { server, path in
            let idle = try await blocking {
                try (0..<300).map { index in
                    let socket = try RawSocket(path: path)
                    if index % 2 == 0 { try socket.send(RawSocket.header(1_000_000) + [123]) }
                    return socket
                }
            }
            let socket = try await blocking { try RawSocket(path: path) }
            for id in 1...100 {
                try socket.send(frame: request(id, "echo"))
                #expect(try number(await blocking { try socket.readFrame() }) == Int64(id))
            }
            #expect(server.counters.connectionsOpen == idle.count + 1)
        }
    }

    @Test func `A new connection at the bound: evicts the one that was idle longest`() async throws {
        let gate = Gate()
        var configuration = WireServer.Configuration()
        configuration.connectionsMax = 3
        try await withServer(testHandler(gate: gate), configuration: configuration) { server, path in
            func connected() async throws -> RawSocket {
                try await blocking {
                    let socket = try RawSocket(path: path)
                    try socket.send(frame: request(1, "echo"))
                    _ = try socket.readFrame()
                    return socket
                }
            }
            let busy = try await connected()
            try busy.send(frame: request(2, "gate", #"{"n":2}"#))
            await gate.untilWaiting(1)
            let oldest = try await connected()
            let younger = try await connected()
            let new = try await connected()
            #expect(try await blocking { try oldest.readFrame() } == nil)
            for socket in [younger, new] {
                try socket.send(frame: request(3, "echo"))
                #expect(try number(await blocking { try socket.readFrame() }) == 3)
            }
            gate.open()
            #expect(try number(await blocking { try busy.readFrame() }) == 2)
            #expect(server.counters.connectionsEvicted == 1)
        }
    }

    @Test func `Unfinished frames: bounded in bytes over all connections`() async throws {
        var configuration = WireServer.Configuration()
        configuration.inboundBytesMax = 1_000_000
        try await withServer(configuration: configuration) { server, path in
            let sockets = try await blocking {
                try [400_000, 300_000, 200_000, 150_000].map { count in
                    let socket = try RawSocket(path: path)
                    try socket.send(RawSocket.header(1_000_000) + [UInt8](repeating: 120, count: count))
                    return socket
                }
            }
            #expect(try await blocking { try sockets[0].readFrame() } == nil, "the greatest is closed")
            let answer = try await blocking {
                let socket = try RawSocket(path: path)
                try socket.send(frame: request(1, "echo"))
                return try socket.readFrame()
            }
            #expect(answer != nil)
            #expect(server.counters.connectionsEvicted == 1)
        }
    }

    @Test func `A shutdown: answers the calls that it accepted`() async throws {
        let gate = Gate()
        let directory = try TestDirectory()
        let path = "\(directory.path)/s"
        let server = WireServer(
            listener: .path(path), handler: testHandler(gate: gate), eventLoop: testLoop, logger: quietLogger)
        try await server.bind()
        async let run: Void = server.run()
        let (socket, idle) = try await blocking { (try RawSocket(path: path), try RawSocket(path: path)) }
        for id in 1...3 { try socket.send(frame: request(id, "gate", "{\"n\":\(id)}")) }
        await gate.untilWaiting(3)
        server.shutdown()
        #expect(try await blocking { try idle.readFrame() } == nil)
        #expect(access(path, F_OK) != 0, "the socket file is gone")
        gate.open()
        let ids = try await blocking { try (1...4).map { _ in try socket.readFrame() } }
        #expect(try Set(ids.prefix(3).map { try number($0) }) == [1, 2, 3])
        #expect(ids[3] == nil)
        try await run
    }

    @Test func `A shutdown: ends at its deadline`() async throws {
        let gate = Gate()
        var configuration = WireServer.Configuration()
        configuration.shutdownTimeout = .milliseconds(20)
        try await withServer(testHandler(gate: gate), configuration: configuration) { server, path in
            let socket = try await blocking { try RawSocket(path: path) }
            try socket.send(frame: request(1, "gate"))
            await gate.untilWaiting(1)
            server.shutdown()
            #expect(try await blocking { try socket.readFrame() } == nil)
        }
        gate.open()
    }

    @Test func `A canceled run: shuts the server down`() async throws {
        let directory = try TestDirectory()
        let server = WireServer(
            listener: .path("\(directory.path)/s"), handler: testHandler(), eventLoop: testLoop,
            logger: quietLogger)
        try await server.bind()
        let run = Task { try await server.run() }
        run.cancel()
        try await run.value
    }
}
