import Foundation

/// Runs the commands of a script.
enum ShellCommand {
    /// Runs `command` with `/bin/sh`, with the output of this process.
    /// - Returns: its exit status, or 128 plus the number of the signal that ended it.
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
