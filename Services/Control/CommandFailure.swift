import Contracts
import ServiceKit

/// Why a command failed: the cause, the next step, and the exit code.
struct CommandFailure: Error, Equatable {
    var cause: String
    var nextStep: String?
    var exitCode: Int32
    /// The error code of a service's response, if there was a response.
    var answer: RPCError.Code?
    /// Whether this user lacks a right that root has.
    var takesRoot: Bool

    init(
        _ cause: String, nextStep: String? = nil, exitCode: Int32 = ExitCodes.failed, answer: RPCError.Code? = nil,
        takesRoot: Bool = false
    ) {
        self.cause = cause
        self.nextStep = nextStep
        self.exitCode = exitCode
        self.answer = answer
        self.takesRoot = takesRoot
    }

    init(_ error: ConfigurationError) {
        self.init(error.description, exitCode: ExitCodes.configuration)
    }

    /// One line for standard error.
    var line: String { TerminalText.escaped("rivetctl: " + sentence) }

    /// The cause and the next step as one text.
    var sentence: String { nextStep.map { "\(cause). \($0)" } ?? cause }

    /// The object that `--json` prints.
    var json: JSONValue { ["error": .string(cause), "next_step": nextStep.json] }
}
