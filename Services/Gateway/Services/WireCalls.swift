import Contracts
import Logging
import ServiceKit
import Wire

/// Calls over the services' sockets, and notes which of them answer.
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

    func health(
        of service: ServiceName, deadline: Duration
    ) async throws(ServiceFailure) -> ServiceHealth.Output {
        try await call(ServiceHealth.self, NoParams(), of: service, deadline: deadline)
    }

    private func call<Method: RPCMethod>(
        _ method: Method.Type, _ params: Method.Params, of service: ServiceName, deadline: Duration = Self.deadline
    ) async throws(ServiceFailure) -> Method.Output {
        let client = service == .library ? library : state
        do {
            let output = try await client.call(method, params, deadline: deadline)
            note(service, awayBecause: nil)
            return output
        } catch {
            let failure = Self.failure(error, service)
            switch failure {
            case .unavailable(_, let reason): note(service, awayBecause: reason)
            case .refused: note(service, awayBecause: nil)
            case .stopping: break
            }
            throw failure
        }
    }

    private func note(_ service: ServiceName, awayBecause reason: String?) {
        guard board.note(service, awayBecause: reason) else { return }
        let metadata: Logger.Metadata = ["peer": "rivet-\(service.rawValue)"]
        if let reason {
            logger.warning(
                "a service is away; updates wait until it is back",
                metadata: metadata.merging(["reason": "\(reason)"]) { own, _ in own })
        } else {
            logger.notice("a service is back", metadata: metadata)
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
