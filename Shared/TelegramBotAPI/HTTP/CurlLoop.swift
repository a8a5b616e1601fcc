import CCurl
private import Glibc
private import Synchronization
private import Threads

/// The thread that owns libcurl's multi handle, and the queue through which all others use it.
///
/// Only that thread uses the multi handle and the easy handles. The one exception is `curl_multi_wakeup`, which libcurl
/// allows from any thread: it is called under the mutex, and only while the handle exists.
final class CurlLoop: Sendable {
    private enum Command {
        case start(CurlSubmission)
        case cancel(UInt64)
    }

    private struct State {
        /// Nil once the thread is about to free it.
        var multi: UnsafeMutableRawPointer?
        var commands: [Command] = []
        var requestsInFlight = 0
        var isClosed = false
    }

    let limits: CurlLimits
    private let state: Mutex<State>

    init(limits: CurlLimits) {
        self.limits = limits
        // SAFETY: fails only when memory is exhausted or libcurl is broken. Thread-safe since libcurl 7.84.
        precondition(curl_global_init(rivet_curl_global_all) == CURLE_OK, "libcurl cannot be initialized")
        guard let multi = curl_multi_init() else { preconditionFailure("no libcurl multi handle") }
        // One request at a time on a connection, over HTTP/2 too. When a connection breaks, the outcome of only one
        // call is unknown, and no message shares a connection with a long poll.
        rivet_curl_multi_set_long(multi, CURLMOPT_PIPELINING, rivet_curl_no_multiplexing)
        rivet_curl_multi_set_long(multi, CURLMOPT_MAX_HOST_CONNECTIONS, limits.connectionsMax)
        rivet_curl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, limits.connectionsMax)
        state = Mutex(State(multi: multi))
    }

    /// Queues a request. Its continuation is resumed exactly once, here or by the thread.
    ///
    /// Called in the task that waits for the response. A cancellation before this call is seen here. A later one is
    /// queued behind the start, since both happen under the mutex.
    func submit(_ submission: CurlSubmission) {
        let refusal: HTTPFailure.Reason? = state.withLock { state in
            if Task.isCancelled { return .cancelled }
            if state.isClosed { return .transportShutDown }
            if state.requestsInFlight >= limits.requestsMax { return .tooManyRequestsInFlight }
            state.requestsInFlight += 1
            state.commands.append(.start(submission))
            if let multi = state.multi { curl_multi_wakeup(multi) }
            return nil
        }
        if let refusal { submission.continuation.resume(returning: .notSent(HTTPFailure(refusal))) }
    }

    func cancel(_ id: UInt64) {
        state.withLock { state in
            // Without requests in flight there is nothing to cancel, and the queue stays empty.
            guard state.requestsInFlight > 0, let multi = state.multi else { return }
            state.commands.append(.cancel(id))
            curl_multi_wakeup(multi)
        }
    }

    func close() {
        state.withLock { state in
            state.isClosed = true
            if let multi = state.multi { curl_multi_wakeup(multi) }
        }
    }

    func startThread() {
        do throws(ThreadError) { try NamedThread.start("rivet-curl", runThread) } catch {
            // This runs once, at the start. Without the thread the process is useless.
            preconditionFailure("\(error)")
        }
    }

    // MARK: - On the thread

    /// Runs until `close()`. With CURLOPT_NOSIGNAL libcurl does not handle SIGPIPE, so this thread blocks it.
    private func runThread() {
        guard let multi = state.withLock({ $0.multi }) else { return }
        var transfers = CurlTransfers(multi: multi, limits: limits)
        while true {
            let (commands, isClosed) = state.withLock { state in
                let commands = state.commands
                state.commands = []
                return (commands, state.isClosed)
            }
            for command in commands {
                switch command {
                case .start(let submission): finished(transfers.start(submission) ? 0 : 1)
                case .cancel(let id): finished(transfers.end(id, .cancelled) ? 1 : 0)
                }
            }
            if isClosed {
                finished(transfers.endAll(.transportShutDown))
                break
            }
            finished(transfers.perform())
            // Sleeps until a socket is ready, a timer of libcurl expires, or a command was queued.
            if curl_multi_poll(multi, nil, 0, 3_600_000, nil) != CURLM_OK {
                usleep(50_000)  // Out of memory or descriptors: do not spin.
            }
        }
        state.withLock { $0.multi = nil }
        curl_multi_cleanup(multi)
    }

    private func finished(_ count: Int) {
        guard count > 0 else { return }
        state.withLock { $0.requestsInFlight -= count }
    }
}
