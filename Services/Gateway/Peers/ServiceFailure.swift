import Contracts

/// The peers, by the names of their sockets.
enum ServiceName: String, Sendable, CaseIterable {
    case state, library

    /// The peer that serves a method: `state` for `state.load`.
    init?(method: String) {
        guard let name = method.split(separator: ".").first else { return nil }
        self.init(rawValue: String(name))
    }
}

/// Why a call to a peer has no result.
enum ServiceFailure: Error, Sendable, Equatable {
    /// The peer is unreachable, or cannot store anything now. The call may have had its effect; repeating it may help.
    case unavailable(ServiceName, reason: String)
    /// The peer refused the call.
    case refused(RPCError)
    /// The gateway is stopping.
    case stopping
}

extension ServiceFailure: CustomStringConvertible {
    var description: String {
        switch self {
        case .unavailable(let service, let reason): "rivet-\(service.rawValue) is unavailable: \(reason)"
        case .refused(let error): error.description
        case .stopping: "stopping"
        }
    }
}

/// Calls the methods of the peers.
protocol ServiceCalls: Sendable {
    func call<Method: RPCMethod>(
        _ method: Method.Type, _ params: Method.Params
    ) async throws(ServiceFailure) -> Method.Output
}
