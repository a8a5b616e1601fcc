public import Contracts
public import Logging
public import NIOCore
import NIOPosix
public import Systemd
public import Wire

/// What a process gives to the parts of its service.
public struct ServiceContext: Sendable {
    /// As systemd and the logs know it: `rivet-state`.
    public var name: String
    public var settings: Settings
    public var logger: Logger
    /// The one event loop: the server, its clients and their calls run on it.
    public var eventLoop: any EventLoop
    public var startedAt: Timestamp
    /// The listening sockets that systemd handed over.
    public var sockets = InheritedSockets.none
    /// To be told again and again, with what is being done, while the start takes time and gets on.
    public var progressed: @Sendable (String) -> Void = { _ in }

    /// For a program that calls services and is none: with an event loop of its own, and without a log.
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
    /// Calls `method` of the service that this is a client of.
    public func call<Method: RPCMethod>(
        _ method: Method.Type, _ params: Method.Params, deadline: Duration
    ) async throws(WireError) -> Method.Output {
        let result = try await call(
            Method.name, params.members, isIdempotent: Method.isIdempotent, deadline: deadline)
        do { return try Method.Output(Parameters(result.objectValue ?? [:])) } catch {
            throw .protocolViolation("the result of \(Method.name) is not as agreed: \(error.message)")
        }
    }
}
