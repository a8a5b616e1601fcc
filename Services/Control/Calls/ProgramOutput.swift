import Subprocess

/// What another program prints.
enum ProgramOutput {
    static let bytesMax = 1 << 20

    /// Runs `name`, which is found by PATH, with no input.
    ///
    /// - Parameter patience: how long it may run. It is killed then, and also when this task is cancelled.
    /// - Returns: its standard output; nil when it cannot be started, ends with another code than 0, is killed, or
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
