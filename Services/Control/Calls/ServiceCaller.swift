import Contracts
import Glibc
import ServiceKit
import Wire

/// Calls the services, and explains to the operator why a call failed.
struct ServiceCaller {
    private let context: ServiceContext

    init(settings: Settings) { context = .forCaller(name: "rivetctl", settings: settings) }

    /// The result of `method` of `service`.
    /// - Parameter deadline: how long to wait for the response, if a process listens on the socket.
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

// MARK: Failures

extension ServiceCaller {
    /// The failure when the connection was not accepted.
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
                "\(away): no process listens, the file is left over", nextStep: isItRunning,
                exitCode: ExitCodes.unreachable)
        case .permissionDenied:
            return CommandFailure(
                "\(path): permission denied",
                nextStep: "Only root and the group \(group ?? "of the socket") may call: use sudo, or join that group "
                    + "and log in again",
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

    /// The failure when the connection was accepted, but the call failed.
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
                "\(service.unit) accepted the connection on \(path) and did not answer within \(deadline.text)",
                nextStep: "It may be starting, stuck, or refusing this user: systemctl status \(service.unit)",
                exitCode: ExitCodes.unreachable)
        case .connectionLost, .tooManyCalls, .shutDown:
            return CommandFailure(
                "\(service.unit): \(error)", nextStep: lookAtLog, exitCode: ExitCodes.unreachable)
        case .protocolViolation:
            return CommandFailure(
                "\(service.unit): \(error)",
                nextStep: "Does a program of another version listen on \(path)? \(lookAtLog)")
        }
    }
}
