import Contracts
import ServiceKit

/// Why a command could not be done: the cause, the next step, and what to exit with.
struct CommandFailure: Error, Equatable {
    var cause: String
    var nextStep: String?
    var exitCode: Int32
    /// What a service answered, if one did.
    var answer: RPCError.Code?
    /// Whether it is this user who may not do it; root may.
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

    /// For standard error: one line.
    var line: String { TerminalText.escaped("rivetctl: " + sentence) }

    /// The cause and the next step as one text.
    var sentence: String { nextStep.map { "\(cause). \($0)" } ?? cause }

    /// As `--json` shows it.
    var json: JSONValue { ["error": .string(cause), "next_step": nextStep.json] }
}
