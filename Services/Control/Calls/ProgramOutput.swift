import Subprocess

/// The output of another program.
enum ProgramOutput {
    static let bytesMax = 1 << 20

    /// Runs `name`, which is looked up in PATH, without input.
    ///
    /// - Parameter patience: how long the program may run. It is killed after that, and when this task is cancelled.
    /// - Returns: its standard output; nil when it cannot be started, exits with a code other than 0, is killed, or
    ///   prints more than `bytesMax`.
    static func of(_ name: String, _ arguments: [String], patience: Duration) async -> String? {
        await withTaskGroup(of: String?.self) { group in
            group.addTask {
                let result = try? await run(
                    .name(name), arguments: Arguments(arguments), output: .string(limit: bytesMax), error: .discarded)
                guard let result, result.terminationStatus.isSuccess else { return nil }
                return result.standardOutput
            }
            group.addTask {
                // Cancelled when the program has ended.
                try? await Task.sleep(for: patience)
                return nil
            }
            let output = await group.next() ?? nil
            group.cancelAll()
            return output
        }
    }
}
