import Contracts
import Glibc
import Logging
import NIOCore
import NIOPosix
import Synchronization
import TestSupport
import Testing

@testable import Wire

let quietLogger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// Handles each call by a closure.
struct ClosureHandler: CallHandler {
    let body: @Sendable (Call) -> CallOutcome
    func begin(_ call: Call) -> CallOutcome { body(call) }
}

/// Calls that wait until a test releases them, by the number in `params.n`.
final class Gate: Sendable {
    private struct State {
        var waiters: [Int64: CheckedContinuation<Void, Never>] = [:]
        var isOpen = false
        var begun: [Int64] = []
        var mostWaiting = 0
        var observers: [(count: Int, waiter: CheckedContinuation<Void, Never>)] = []
    }
    private let state = Mutex(State())

    var begun: [Int64] { state.withLock { $0.begun } }
    var mostWaiting: Int { state.withLock { $0.mostWaiting } }
    var waiting: [Int64] { state.withLock { Array($0.waiters.keys) } }

    func began(_ number: Int64) { state.withLock { $0.begun.append(number) } }

    func pass(_ number: Int64) async {
        await withCheckedContinuation { waiter in
            let ready = state.withLock { state -> [CheckedContinuation<Void, Never>] in
                if state.isOpen { return [waiter] }
                state.waiters[number] = waiter
                state.mostWaiting = max(state.mostWaiting, state.waiters.count)
                let count = state.waiters.count
                let observers = state.observers.filter { $0.count <= count }.map(\.waiter)
                state.observers.removeAll { $0.count <= count }
                return observers
            }
            for waiter in ready { waiter.resume() }
        }
    }

    /// Returns when `count` calls are waiting.
    func untilWaiting(_ count: Int) async {
        await withCheckedContinuation { waiter in
            let isReady = state.withLock { state in
                if state.waiters.count >= count { return true }
                state.observers.append((count, waiter))
                return false
            }
            if isReady { waiter.resume() }
        }
    }

    func release(_ number: Int64) { state.withLock { $0.waiters.removeValue(forKey: number) }?.resume() }

    func open() {
        let waiters = state.withLock { state in
            state.isOpen = true
            defer { state.waiters = [:] }
            return Array(state.waiters.values)
        }
        for waiter in waiters { waiter.resume() }
    }
}

/// A handler with the methods `echo` (at once), `gate` (when the gate releases it) and `big` (a result of `bytes`
/// bytes).
func testHandler(gate: Gate = Gate()) -> ClosureHandler {
    ClosureHandler { call in
        let number = call.params["n"]?.integerValue ?? 0
        gate.began(number)
        switch call.method {
        case "echo": return .now(.success(.object(call.params)))
        case "gate":
            return .later {
                await gate.pass(number)
                return .success(.integer(number))
            }
        case "big":
            return .now(.success(.string(String(repeating: "x", count: Int(call.params["bytes"]?.integerValue ?? 0)))))
        default: return .now(.failure(RPCError(.methodNotFound, "unknown method")))
        }
    }
}

/// The event loop of all servers and clients under test, one for all as in a service.
let testLoop: any EventLoop = MultiThreadedEventLoopGroup(numberOfThreads: 1).next()

/// Runs `body` against a server on a socket in its own temporary directory.
func withServer(
    _ handler: any CallHandler = testHandler(), configuration: WireServer.Configuration = .init(), path: String? = nil,
    _ body: (WireServer, String) async throws -> Void
) async throws {
    let directory = try TestDirectory()
    let path = path ?? "\(directory.path)/test.sock"
    let server = WireServer(
        listener: .path(path), handler: handler, eventLoop: testLoop, logger: quietLogger,
        configuration: configuration)
    try await server.bind()
    async let run: Void = server.run()
    do {
        try await body(server, path)
    } catch {
        server.shutdown()
        try await run
        throw error
    }
    server.shutdown()
    try await run
    withExtendedLifetime(directory) {}
}

/// Runs blocking code off the cooperative pool.
func blocking<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await NIOThreadPool.singleton.runIfActive(body)
}

func request(_ id: Int, _ method: String, _ params: String = "{}") -> String {
    #"{"jsonrpc":"2.0","id":\#(id),"method":"\#(method)","params":\#(params)}"#
}
