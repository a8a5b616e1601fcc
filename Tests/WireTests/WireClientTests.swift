import Contracts
import Glibc
import NIOCore
import TestSupport
import Testing

@testable import Wire

@Suite(.timeLimit(.minutes(1))) struct WireClientTests {
    private func withClient(_ path: String, _ body: (WireClient) async throws -> Void) async throws {
        let client = WireClient(path: path, eventLoop: testLoop, logger: quietLogger)
        do {
            try await body(client)
        } catch {
            await client.shutdown()
            throw error
        }
        await client.shutdown()
    }

    private func error(_ body: @Sendable () async throws(WireError) -> JSONValue) async -> WireError? {
        do {
            _ = try await body()
            return nil
        } catch {
            return error
        }
    }

    @Test func `Results and errors: returned to the caller`() async throws {
        try await withServer { _, path in
            try await withClient(path) { client in
                let answer = try await client.call("echo", ["a": 1], deadline: .seconds(5))
                #expect(answer == ["a": 1])
                let failure = await error { () throws(WireError) in try await client.call("none", deadline: .seconds(5))
                }
                #expect(failure == .remote(RPCError(.methodNotFound, "unknown method")))
            }
        }
    }

    @Test func `Many calls: share one connection`() async throws {
        try await withServer { server, path in
            try await withClient(path) { client in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for number in 0..<500 as Range<Int64> {
                        group.addTask {
                            let answer = try await client.call("echo", ["n": .integer(number)], deadline: .seconds(20))
                            #expect(answer == ["n": .integer(number)])
                        }
                    }
                    try await group.waitForAll()
                }
                #expect(server.counters.connections == 1)
            }
        }
    }

    @Test func `A call before the service listens: waits for it`() async throws {
        let directory = try TestDirectory()
        let path = "\(directory.path)/s"
        try await withClient(path) { client in
            let answer = Task { try await client.call("echo", ["n": 1], deadline: .seconds(20)) }
            try await withServer(path: path) { _, _ in
                let value = try await answer.value
                #expect(value == ["n": 1])
            }
        }
    }

    @Test func `A call over a restart: sent again only if it is idempotent`() async throws {
        let directory = try TestDirectory()
        let path = "\(directory.path)/s"
        let gate = Gate()
        var configuration = WireServer.Configuration()
        configuration.shutdownTimeout = .zero
        try await withClient(path) { client in
            let (repeated, single) = try await withRunningServer(path, gate, configuration) {
                let repeated = Task { try await client.call("gate", ["n": 1], deadline: .seconds(20)) }
                let single = Task {
                    await error { () throws(WireError) in
                        try await client.call("gate", ["n": 2], isIdempotent: false, deadline: .seconds(20))
                    }
                }
                await gate.untilWaiting(2)
                return (repeated, single)
            }
            #expect(await single.value == .connectionLost)
            let second = Gate()
            second.open()
            try await withServer(testHandler(gate: second), path: path) { _, _ in
                let first = try await repeated.value
                #expect(first == 1)
                let answer = try await client.call("echo", deadline: .seconds(20))
                #expect(answer == [:])
            }
            #expect(second.begun.filter { $0 == 1 } == [1])
            #expect(!second.begun.contains(2))
            gate.open()
        }
    }

    private func withRunningServer<Value>(
        _ path: String, _ gate: Gate, _ configuration: WireServer.Configuration, _ body: () async throws -> Value
    ) async throws -> Value {
        let server = WireServer(
            listener: .path(path), handler: testHandler(gate: gate), eventLoop: testLoop, logger: quietLogger,
            configuration: configuration)
        try await server.bind()
        async let run: Void = server.run()
        let value = try await body()
        server.shutdown()
        try await run
        return value
    }

    @Test func `A call over its deadline: fails, and the late reply is dropped`() async throws {
        let gate = Gate()
        try await withServer(testHandler(gate: gate)) { _, path in
            try await withClient(path) { client in
                let failure = await error { () throws(WireError) in
                    try await client.call("gate", ["n": 1], deadline: .milliseconds(30))
                }
                #expect(failure == .deadlineExceeded)
                gate.open()
                let answer = try await client.call("echo", ["n": 5], deadline: .seconds(5))
                #expect(answer == ["n": 5])
            }
        }
    }

    @Test func `A call without a service: fails at its deadline`() async throws {
        let directory = try TestDirectory()
        try await withClient("\(directory.path)/none") { client in
            let failure = await error { () throws(WireError) in
                try await client.call("echo", deadline: .milliseconds(60))
            }
            #expect(failure == .deadlineExceeded)
        }
    }

    @Test func `A canceled call: fails without harm to others`() async throws {
        let gate = Gate()
        try await withServer(testHandler(gate: gate)) { _, path in
            try await withClient(path) { client in
                let cancelled = Task {
                    await error { () throws(WireError) in
                        try await client.call("gate", ["n": 1], deadline: .seconds(20))
                    }
                }
                let other = Task { try await client.call("gate", ["n": 2], deadline: .seconds(20)) }
                await gate.untilWaiting(2)
                cancelled.cancel()
                #expect(await cancelled.value == .shutDown)
                gate.open()
                let answer = try await other.value
                #expect(answer == 2)
            }
        }
    }

    @Test func `A call of a canceled task: fails`() async throws {
        try await withServer { _, path in
            try await withClient(path) { client in
                let gate = Gate()
                let call = Task {
                    await gate.pass(1)
                    return await error { () throws(WireError) in try await client.call("echo", deadline: .seconds(20)) }
                }
                await gate.untilWaiting(1)
                call.cancel()
                gate.open()
                #expect(await call.value == .shutDown)
            }
        }
    }

    @Test func `Calls after a shutdown: fail`() async throws {
        let gate = Gate()
        try await withServer(testHandler(gate: gate)) { _, path in
            let client = WireClient(path: path, eventLoop: testLoop, logger: quietLogger)
            let waiting = Task {
                await error { () throws(WireError) in try await client.call("gate", deadline: .seconds(20)) }
            }
            await gate.untilWaiting(1)
            await client.shutdown()
            #expect(await waiting.value == .shutDown)
            let later = await error { () throws(WireError) in try await client.call("echo", deadline: .seconds(20)) }
            #expect(later == .shutDown)
            gate.open()
        }
    }

    @Test func `A request that fits no frame: refused`() async throws {
        try await withClient("/nonexistent") { client in
            let long = JSONValue.string(String(repeating: "x", count: WireLimits.frameBytesMax))
            let failure = await error { () throws(WireError) in
                try await client.call("echo", ["a": long], deadline: .seconds(5))
            }
            guard case .protocolViolation = failure else {
                return #expect(Bool(false), "\(String(describing: failure))")
            }
        }
    }
}
