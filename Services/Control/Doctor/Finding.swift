import Contracts

/// The result of one check.
struct Finding: Equatable, Sendable {
    enum Level: String, Sendable {
        /// All is well.
        case ok
        /// Not checked: this user may not, or there was no response. Says nothing about the subject.
        case skipped
        /// It works, but something should be corrected.
        case warning
        /// It does not work.
        case failure
    }

    /// What was checked: `token`, `neon`, `disk`.
    var subject: String
    var level: Level
    /// What the check found: the cause.
    var text: String
    var nextStep: String?
    /// The program's exit code if no finding has a higher one.
    var exitCode: Int32

    static func ok(_ subject: String, _ text: String) -> Finding {
        Finding(subject: subject, level: .ok, text: text, exitCode: ExitCodes.done)
    }

    /// - Parameter reason: why it was not checked: "it takes root".
    static func skipped(_ subject: String, _ reason: String, nextStep: String) -> Finding {
        Finding(
            subject: subject, level: .skipped, text: "not looked at: \(reason)", nextStep: nextStep,
            exitCode: ExitCodes.done)
    }

    static func warning(_ subject: String, _ text: String, nextStep: String) -> Finding {
        Finding(subject: subject, level: .warning, text: text, nextStep: nextStep, exitCode: ExitCodes.failed)
    }

    static func failure(
        _ subject: String, _ text: String, nextStep: String, exitCode: Int32 = ExitCodes.failed
    ) -> Finding {
        Finding(subject: subject, level: .failure, text: text, nextStep: nextStep, exitCode: exitCode)
    }

    static func failure(_ subject: String, _ failure: CommandFailure) -> Finding {
        Finding(
            subject: subject, level: .failure, text: failure.cause, nextStep: failure.nextStep,
            exitCode: failure.exitCode)
    }

    var json: JSONValue {
        [
            "subject": .string(subject), "level": .string(level.rawValue), "finding": .string(text),
            "next_step": nextStep.json,
        ]
    }
}
