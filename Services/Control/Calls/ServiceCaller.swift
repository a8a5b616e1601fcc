import Contracts
import Glibc
import ServiceKit
import Wire

/// Calls the services, and tells a person why one gave no answer.
struct ServiceCaller {
    private let context: ServiceContext

    init(settings: Settings) { context = .forCaller(name: "rivetctl", settings: settings) }

    /// The result of `method` of `service`.
    /// - Parameter deadline: how long to wait for the answer, if somebody listens.
    func call<Method: RPCMethod>(
        _ service: RivetService, _ method: Method.Type, _ params: Method.Params, deadline: Duration
    ) async throws(CommandFailure) -> Method.Output {
        let path = context.socketPath(service.socketName)
        switch SocketProbe.find(path) {
        case .listening: break
        case let finding: throw Self.failure(of: service, path: path, finding, group: FileGroup.name(of: path))
        }
        let client = context.client(of: service.socketName)
        let outcome: Result<Method.Output, WireError>
        do { outcome = .success(try await client.call(method, params, deadline: deadline)) } catch {
            outcome = .failure(error)
        }
        await client.shutdown()
        return try outcome.mapError { Self.failure(of: service, path: path, $0, deadline: deadline) }.get()
    }
}

// MARK: What is said

extension ServiceCaller {
    /// Nobody took the connection.
    static func failure(
        of service: RivetService, path: String, _ finding: SocketProbe.Finding, group: String?
    ) -> CommandFailure {
        let away = "\(service.unit) does not answer on \(path)"
        let isItRunning = "Is it running? systemctl status \(service.unit), or make run"
        let isItHere = isItRunning + "; is the directory right? RIVET_RUNTIME_DIR, or --runtime-dir"
        switch finding {
        case .listening, .noFile:
            return CommandFailure("\(away): no such file", nextStep: isItHere, exitCode: ExitCodes.unreachable)
        case .nobodyListens:
            return CommandFailure(
                "\(away): nobody listens, the file is left over", nextStep: isItRunning,
                exitCode: ExitCodes.unreachable)
        case .permissionDenied:
            return CommandFailure(
                "\(path): permission denied",
                nextStep: "It is for root and the group \(group ?? "of the socket"): use sudo, or have yourself added "
                    + "to that group and log in again",
                exitCode: ExitCodes.unreachable, takesRoot: true)
        case .failed(ENAMETOOLONG):
            return CommandFailure(
                "the socket path \(path) is longer than \(WireLimits.socketPathBytesMax) bytes",
                nextStep: "Set RIVET_RUNTIME_DIR or --runtime-dir to a shorter path", exitCode: ExitCodes.configuration)
        case .failed(let code):
            return CommandFailure(
                "\(away): \(String(cString: strerror(code)))", nextStep: isItRunning, exitCode: ExitCodes.unreachable)
        }
    }

    /// Somebody took the connection, and the call failed.
    static func failure(
        of service: RivetService, path: String, _ error: WireError, deadline: Duration
    ) -> CommandFailure {
        let lookAtLog = "Look at journalctl -u \(service.unit)"
        switch error {
        case .remote(let answer):
            let nextStep: String? =
                switch answer.code {
                case .invalidArgument: nil
                case .unavailable: "Nothing was changed; rivetctl health says more"
                case .methodNotFound: "Is \(service.unit) older than this rivetctl? rivetctl health shows its version"
                default: lookAtLog
                }
            return CommandFailure(
                "\(service.unit): \(answer.message)", nextStep: nextStep,
                exitCode: answer.code == .invalidArgument ? ExitCodes.usage : ExitCodes.failed, answer: answer.code)
        case .deadlineExceeded:
            return CommandFailure(
                "\(service.unit) took the connection on \(path) and did not answer within \(deadline.text)",
                nextStep: "It may be starting, stuck, or refusing this user: systemctl status \(service.unit)",
                exitCode: ExitCodes.unreachable)
        case .connectionLost, .tooManyCalls, .shutDown:
            return CommandFailure(
                "\(service.unit): \(error)", nextStep: lookAtLog, exitCode: ExitCodes.unreachable)
        case .protocolViolation:
            return CommandFailure(
                "\(service.unit): \(error)", nextStep: "Is what listens on \(path) of another version? \(lookAtLog)")
        }
    }
}
