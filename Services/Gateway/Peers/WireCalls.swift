import Contracts
import Logging
import ServiceKit
import Wire

/// Calls the peers over their sockets, and records on the board which of them serve calls.
struct WireCalls: ServiceCalls {
    static let deadline: Duration = .seconds(10)

    var state: WireClient
    var library: WireClient
    var board: StatusBoard
    var logger: Logger

    func call<Method: RPCMethod>(
        _ method: Method.Type, _ params: Method.Params
    ) async throws(ServiceFailure) -> Method.Output {
        try await call(method, params, of: ServiceName(method: Method.name) ?? .state)
    }

    /// Calls a method for which `service` reads a little of what it stores.
    func probe(_ service: ServiceName, deadline: Duration) async throws(ServiceFailure) {
        switch service {
        case .state: _ = try await call(StateList.self, .init(limit: 1), of: service, deadline: deadline)
        case .library: _ = try await call(LibraryRenamings.self, NoParams(), of: service, deadline: deadline)
        }
    }

    private static let reads: Set = [
        StateLoad.name, StateList.name, LibraryCheckNickname.name, LibraryList.name, LibraryGet.name,
        LibraryRenamings.name,
    ]

    private func call<Method: RPCMethod>(
        _ method: Method.Type, _ params: Method.Params, of service: ServiceName, deadline: Duration = Self.deadline
    ) async throws(ServiceFailure) -> Method.Output {
        let client = service == .library ? library : state
        let kind: ServiceAvailability.Kind = Self.reads.contains(Method.name) ? .read : .write
        do {
            let output = try await client.call(method, params, deadline: deadline)
            note(service, kind, closedBecause: nil)
            return output
        } catch {
            let failure = Self.failure(error, service)
            switch failure {
            case .unavailable(_, let reason): note(service, kind, closedBecause: reason)
            case .refused: note(service, kind, closedBecause: nil)
            case .stopping: break
            }
            throw failure
        }
    }

    private func note(_ service: ServiceName, _ kind: ServiceAvailability.Kind, closedBecause reason: String?) {
        let metadata: Logger.Metadata = ["peer": "rivet-\(service.rawValue)"]
        switch board.note(service, kind, closedBecause: reason) {
        case nil: break
        case .away(let reason):
            logger.warning(
                "a peer is unavailable or refuses calls; updates wait until it is back",
                metadata: metadata.merging(["reason": "\(reason)"]) { own, _ in own })
        case .back: logger.notice("a peer is back", metadata: metadata)
        }
    }

    static func failure(_ error: WireError, _ service: ServiceName) -> ServiceFailure {
        switch error {
        case .remote(let error) where error.code == .unavailable: .unavailable(service, reason: error.message)
        case .remote(let error): .refused(error)
        case .deadlineExceeded, .connectionLost, .tooManyCalls: .unavailable(service, reason: error.description)
        case .protocolViolation(let reason): .refused(RPCError(.internalError, reason))
        case .shutDown: .stopping
        }
    }
}
