import CLibpq
import Synchronization
import Threads

/// Makes a server cancel its work for one connection.
///
/// A separate request over another connection (PostgreSQL manual, "Canceling Queries in Progress"). It may come too
/// late or not arrive. Without it the server only works in vain for longer.
final class PostgresCancellation: Sendable {
    /// The most requests under way in this process: a request to a silent host takes minutes.
    private static let requestsMax = 4
    private static let requests = Mutex(0)

    /// SAFETY: libpq fills it before `init` returns, and only reads it from then on. PQcancel may be called from any
    /// thread, even after the connection is gone. `deinit` is its only other use. Tested by `LockTests.A statement that
    /// is no longer awaited: cancelled by the server`.
    private nonisolated(unsafe) let request: OpaquePointer

    init?(of connection: OpaquePointer) {
        guard let request = PQgetCancel(connection) else { return nil }
        self.request = request
    }

    deinit { PQfreeCancel(request) }

    /// Sends the request on a new thread. Returns at once. Does nothing when too many are under way.
    func send() {
        let mayBegin = Self.requests.withLock { count in
            guard count < Self.requestsMax else { return false }
            count += 1
            return true
        }
        guard mayBegin else { return }
        do throws(ThreadError) {
            try NamedThread.start("postgres-cancel") { [self] in
                var words = [CChar](repeating: 0, count: 256)
                // The result does not matter: the connection is given up in any case.
                _ = PQcancel(request, &words, Int32(words.count))
                Self.requests.withLock { $0 -= 1 }
            }
        } catch {
            // Without a thread the server stops by itself, at its next lock_timeout.
            Self.requests.withLock { $0 -= 1 }
        }
    }
}
