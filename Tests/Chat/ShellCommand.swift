import Foundation

/// Runs commands of a script.
enum ShellCommand {
    /// Runs `command` with `/bin/sh`; its output goes where ours goes.
    /// - Returns: its exit status; 128 and the signal's number if a signal ended it.
    static func run(_ command: String) async throws -> Int32 {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", command]
        return try await withCheckedThrowingContinuation { continuation in
            process.terminationHandler = { ended in
                let base: Int32 = ended.terminationReason == .uncaughtSignal ? 128 : 0
                continuation.resume(returning: base + ended.terminationStatus)
            }
            do {
                try process.run()
            } catch {
                process.terminationHandler = nil
                continuation.resume(throwing: error)
            }
        }
    }
}
