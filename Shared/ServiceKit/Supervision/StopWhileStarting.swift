import Dispatch
import Glibc
import Synchronization

/// Ends the process at once, with exit code 0, when SIGTERM or SIGINT comes before the service's store is open.
///
/// An orderly end would have to wait for what the start waits for: a tier that does not answer, or rows that are read. The
/// store's files allow an end at any moment, and what was answered by then is durable. Signals are watched on a queue of
/// their own, so that a start which computes cannot hold them up.
final class StopWhileStarting: Sendable {
    private struct State {
        var isStarting = true
        var ending: @Sendable () -> Void = {}
    }

    private let state = Mutex(State())

    /// Watches from now on. To be made before anything else that catches these signals: a signal that only the other
    /// one saw would not end the start.
    init() {
        let queue = DispatchQueue(label: "rivet.stop-while-starting")
        for signal in [SIGTERM, SIGINT] {
            let source = DispatchSource.makeSignalSource(signal: signal, queue: queue)
            source.setEventHandler { [self] in
                state.withLock { state in
                    // Held until the process is gone: no call is answered meanwhile.
                    guard state.isStarting else { return source.cancel() }
                    state.ending()
                    _exit(ServiceProcess.ExitCode.ok)
                }
            }
            source.resume()
        }
    }

    /// What is done, from now on, before the process ends.
    func beforeEnding(_ ending: @escaping @Sendable () -> Void) { state.withLock { $0.ending = ending } }

    /// Calls are about to be answered: from here on the service ends in order.
    func ended() { state.withLock { $0.isStarting = false } }
}
