import Foundation
import Synchronization
import TestSupport

/// A call repeated beside a test, until `stop()` or the end of the test.
///
/// It runs on its own thread. The threads that tasks share are one for each processor: two such loops would leave none
/// for other tasks, not even for the one that waits for them.
final class RepeatedCall: Sendable {
    private final class Progress: Sendable {
        let isOver = Mutex(false)
        let count = Mutex(0)
        let end = Mutex<Result<Void, any Error>?>(nil)
    }

    private let progress = Progress()

    /// - Parameters:
    ///   - connect: makes what all calls share, on the thread.
    ///   - call: makes one call; `number` is the number of calls before it. An error ends the series.
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

    /// The number of calls that were answered.
    var count: Int { progress.count.withLock { $0 } }

    /// Ends the series after the current call.
    /// - Returns: the number of calls that were answered.
    /// - Throws: the error that a call threw.
    func stop() async throws -> Int {
        progress.isOver.withLock { $0 = true }
        try await eventually("the last call is answered") { progress.end.withLock { $0 != nil } }
        try progress.end.withLock { $0 }?.get()
        return count
    }
}
