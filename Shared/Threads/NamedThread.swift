private import CThreads
private import Glibc

/// A thread for calls that block, which must not run on Swift's own threads.
public enum NamedThread {
    /// Starts a detached thread that runs `body` and then ends.
    ///
    /// The thread blocks signals, so that they reach the threads that expect them. Blocking SIGPIPE also turns a write
    /// to a closed connection into an ordinary error.
    ///
    /// - Parameter name: the name in `ps` and debuggers, which show its first 15 bytes.
    /// - Throws: when the system cannot start another thread. Then `body` was not called. Trying again later may help.
    public static func start(_ name: String, _ body: @escaping @Sendable () -> Void) throws(ThreadError) {
        let context = Unmanaged.passRetained(Start(name: name, body: body))
        var thread = pthread_t()
        let code = pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                Unmanaged<Start>.fromOpaque(context).takeRetainedValue().run()
                return nil
            }, context.toOpaque())
        guard code == 0 else {
            context.release()
            throw ThreadError(name: name, code: code)
        }
        pthread_detach(thread)
    }

    /// The name and the function of the new thread.
    private final class Start: Sendable {
        let name: String
        let body: @Sendable () -> Void

        init(name: String, body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }

        func run() {
            rivet_name_thread(name)
            var signals = sigset_t()
            sigfillset(&signals)
            // Do not block the signals of a crash, so that a crash in this thread ends the process too.
            for crash in [SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP] { sigdelset(&signals, crash) }
            pthread_sigmask(SIG_BLOCK, &signals, nil)
            body()
        }
    }
}
