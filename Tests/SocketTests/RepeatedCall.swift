import Foundation
import Synchronization
import TestSupport

/// A call that is made again and again beside a test, until `stop()` or the end of the test.
///
/// It has a thread of its own. On the threads that tasks share, of which there is one for each processor, two such loops
/// would leave none for anything else, the waiting for them included.
final class RepeatedCall: Sendable {
    private final class Progress: Sendable {
        let isOver = Mutex(false)
        let count = Mutex(0)
        let end = Mutex<Result<Void, any Error>?>(nil)
    }

    private let progress = Progress()

    /// - Parameters:
    ///   - connect: what all calls share, made on the thread.
    ///   - call: one call; the number is how many there were before it. An error ends the series.
    init<Connection>(
        _ connect: @escaping @Sendable () throws -> Connection,
        call: @escaping @Sendable (Connection, _ number: Int) throws -> Void
    ) {
        let progress = progress
        Thread.detachNewThread {
            let end = Result {
                let connection = try connect()
                while !progress.isOver.withLock({ $0 }) {
                    try call(connection, progress.count.withLock { $0 })
                    progress.count.withLock { $0 += 1 }
                }
            }
            progress.end.withLock { $0 = end }
        }
    }

    deinit { progress.isOver.withLock { $0 = true } }

    /// How many calls were answered.
    var count: Int { progress.count.withLock { $0 } }

    /// Ends the series after the call under way.
    /// - Returns: how many were answered.
    /// - Throws: what a call threw.
    func stop() async throws -> Int {
        progress.isOver.withLock { $0 = true }
        try await eventually("the last call is answered") { progress.end.withLock { $0 != nil } }
        try progress.end.withLock { $0 }?.get()
        return count
    }
}
