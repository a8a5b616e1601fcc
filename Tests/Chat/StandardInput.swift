import Foundation

/// Standard input, read on a thread of its own: `readLine` blocks.
enum StandardInput {
    /// Its lines, until it ends.
    static func lines() -> AsyncStream<String> {
        AsyncStream { continuation in
            Thread.detachNewThread {
                while let line = readLine() { continuation.yield(line) }
                continuation.finish()
            }
        }
    }
}
