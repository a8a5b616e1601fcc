import CLibpq
import Synchronization
import Threads

/// Has a server break off what it does for one connection.
///
/// A request of its own, over another connection (PostgreSQL manual, "Canceling Queries in Progress"). It may come too
/// late, or not arrive: nothing depends on it but how long the server is busy for nothing.
final class PostgresCancellation: Sendable {
    /// Requests that are under way in this process, at most: one to a host that answers nothing takes minutes.
    private static let requestsMax = 4
    private static let requests = Mutex(0)

    /// SAFETY: libpq fills it in before `init` returns, and only reads it from then on; PQcancel may be called from any
    /// thread, also after the connection is gone. `deinit` is its only other use. Held by
    /// `LockTests.A statement that is not waited for any more: the server breaks it off`.
    private nonisolated(unsafe) let request: OpaquePointer

    init?(of connection: OpaquePointer) {
        guard let request = PQgetCancel(connection) else { return nil }
        self.request = request
    }

    deinit { PQfreeCancel(request) }

    /// Sends the request, on a thread of its own. Returns at once; left out when too many are under way.
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
                // What it says is of no use: the connection is given up either way.
                _ = PQcancel(request, &words, Int32(words.count))
                Self.requests.withLock { $0 -= 1 }
            }
        } catch {
            // Without a thread the server finds out by itself, at its next lock_timeout.
            Self.requests.withLock { $0 -= 1 }
        }
    }
}
