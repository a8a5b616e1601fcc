import Dispatch
import Glibc
import Synchronization

/// Ends the process at once, with exit code 0, when SIGTERM or SIGINT comes before the service's store is open.
///
/// An orderly end would have to wait for the start's own waits: for a tier that does not respond, or for rows being
/// read. The store's files allow an end at any moment, and every acknowledged write is durable. Signals are watched on
/// a separate queue, so that a start that computes cannot delay them.
final class StopWhileStarting: Sendable {
    private struct State {
        var isStarting = true
        var ending: @Sendable () -> Void = {}
    }

    private let state = Mutex(State())

    /// Begins watching for SIGTERM and SIGINT. Make this before any other object that catches them: a signal that only
    /// the other object saw would not stop a service that is still starting.
    init() {
        let queue = DispatchQueue(label: "rivet.stop-while-starting")
        for signal in [SIGTERM, SIGINT] {
            let source = DispatchSource.makeSignalSource(signal: signal, queue: queue)
            source.setEventHandler { [self] in
                state.withLock { state in
                    // This lock is kept until the process ends, so that no call is served meanwhile.
                    guard state.isStarting else { return source.cancel() }
                    state.ending()
                    _exit(ServiceProcess.ExitCode.ok)
                }
            }
            source.resume()
        }
    }

    /// Sets the closure that is called before the process ends.
    func beforeEnding(_ ending: @escaping @Sendable () -> Void) { state.withLock { $0.ending = ending } }

    /// The service is about to serve calls: from here on it ends in an orderly way.
    func ended() { state.withLock { $0.isStarting = false } }
}
