import Contracts

/// The other services, by the names of their sockets.
enum ServiceName: String, Sendable, CaseIterable {
    case state, library

    /// The service that has a method: `state.load` is of `state`.
    init?(method: String) {
        guard let name = method.split(separator: ".").first else { return nil }
        self.init(rawValue: String(name))
    }
}

/// Why a call of another service brought no result.
enum ServiceFailure: Error, Sendable, Equatable {
    /// It is away, or can hold nothing now. Nothing is known to have changed; the same call later may succeed.
    case unavailable(ServiceName, reason: String)
    /// It answered that it will not do this.
    case refused(RPCError)
    /// We are stopping.
    case stopping
}

extension ServiceFailure: CustomStringConvertible {
    var description: String {
        switch self {
        case .unavailable(let service, let reason): "rivet-\(service.rawValue) is away: \(reason)"
        case .refused(let error): error.description
        case .stopping: "stopping"
        }
    }
}

/// What calls the methods of the other services.
protocol ServiceCalls: Sendable {
    func call<Method: RPCMethod>(
        _ method: Method.Type, _ params: Method.Params
    ) async throws(ServiceFailure) -> Method.Output
}
