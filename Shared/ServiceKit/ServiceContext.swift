public import Contracts
public import Logging
public import NIOCore
import NIOPosix
public import Systemd
public import Wire

/// The objects that a process gives to the parts of its service.
public struct ServiceContext: Sendable {
    /// The service's name in systemd and in the logs, for example `rivet-state`.
    public var name: String
    public var settings: Settings
    public var logger: Logger
    /// The process's only event loop. The server, the clients and their calls run on it.
    public var eventLoop: any EventLoop
    public var startedAt: Timestamp
    /// The listening sockets that systemd passed.
    public var sockets = InheritedSockets.none
    /// Reports progress. Call it repeatedly during a long start, with the current activity.
    public var progressed: @Sendable (String) -> Void = { _ in }

    /// The context for a program that calls services but is not one. It has its own event loop and no log.
    public static func forCaller(name: String, settings: Settings) -> ServiceContext {
        ServiceContext(
            name: name, settings: settings, logger: Logger(label: name) { _ in SwiftLogNoOpLogHandler() },
            eventLoop: MultiThreadedEventLoopGroup(numberOfThreads: 1).next(), startedAt: .now())
    }

    /// The path of a service's socket.
    public func socketPath(_ socketName: String) -> String { "\(settings.runtimeDirectory)/\(socketName).sock" }

    /// A client of another service.
    public func client(of socketName: String) -> WireClient {
        WireClient(path: socketPath(socketName), eventLoop: eventLoop, logger: logger)
    }
}

extension WireClient {
    /// Calls `method` of the client's service.
    public func call<Method: RPCMethod>(
        _ method: Method.Type, _ params: Method.Params, deadline: Duration
    ) async throws(WireError) -> Method.Output {
        let result = try await call(
            Method.name, params.members, isIdempotent: Method.isIdempotent, deadline: deadline)
        do { return try Method.Output(Parameters(result.objectValue ?? [:])) } catch {
            throw .protocolViolation("the result of \(Method.name) is malformed: \(error.message)")
        }
    }
}
