import Contracts
import FoundationEssentials
import Glibc
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import Systemd
import UnixSignals
import Wire

/// Runs a service's process: settings, store, socket, `READY=1`, calls, and an orderly end.
public enum ServiceProcess {
    /// The exit codes, as in sysexits.h. A script can decide by them whether to start the service again.
    public enum ExitCode {
        public static let ok: Int32 = 0
        /// A failure that may not occur at the next start.
        public static let failed: Int32 = 1
        /// A setting is wrong. Starting again does not help.
        public static let configuration: Int32 = 78
    }

    /// Runs the service until SIGTERM or SIGINT. Such a signal before the service is ready ends the process at once.
    ///
    /// - Parameters:
    ///   - name: for example `rivet-state`. The socket unit has the same name.
    ///   - socketName: for example `state` for `state.sock`.
    ///   - assemble: makes the parts. When it returns, the service can serve calls.
    /// - Returns: the code to exit with.
    public static func run(
        name: String, socketName: String, assemble: (ServiceContext) async throws -> ServiceParts
    ) async -> Int32 {
        signal(SIGPIPE, SIG_IGN)
        let stop = StopWhileStarting()
        // From here on, signals wait in these sequences until the service can act on them.
        let stopSignals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
        let reloadSignals = await UnixSignalsSequence(trapping: .sighup)
        let notifier = ServiceNotifier()
        let settings: Settings
        let log: ServiceLog
        do {
            settings = try Settings().withFile()
            try settings.checkPaths()
            log = ServiceLog(name: name, level: try settings.logLevel())
        } catch {
            return end(name, "\(name): \(error)", ExitCode.configuration)
        }
        let progress = StartProgress(notifier)
        let context = ServiceContext(
            name: name, settings: settings, logger: log.logger,
            eventLoop: MultiThreadedEventLoopGroup(numberOfThreads: 1).next(), startedAt: .now(),
            sockets: InheritedSockets(), progressed: progress.made)
        let pace = StartPace(directory: settings.runtimeDirectory, name: socketName)
        stop.beforeEnding {
            pace.cleared()
            context.logger.notice("stopped before it was ready")
        }
        var wasReady = false
        do {
            try prepareDirectories(settings)
            await waitIfStartsFailed(pace, notifier)
            let parts = try await assemble(context)
            // Do this before the first call can be served. A client that got a response may rely on an orderly end,
            // which leaves no socket file, and on a quick restart. The store is open now, so an orderly end is quick.
            stop.ended()
            let server = try await listening(parts, context, socketName: socketName)
            progress.ended()
            wasReady = true
            pace.becameReady()
            let reporter = StatusReporter(parts, server, log, notifier)
            notifier.ready(status: reporter.line())
            context.logger.notice("ready", metadata: ["status": "\(parts.status())"])
            let reloader = Reloader(
                signals: reloadSignals, settings: settings, parts: parts, reporter: reporter, log: log,
                notifier: notifier)
            let supervision: [any Service] = [reporter, reloader, pace]
            try await serve(parts, context, server, supervision, notifier, until: stopSignals)
            pace.cleared()
            return ExitCode.ok
        } catch let error as ConfigurationError {
            return end(name, "\(name): \(error)", ExitCode.configuration)
        } catch {
            let code = end(name, "\(name) cannot continue: \(error)", ExitCode.failed)
            // If this end cannot be recorded, the next process will not wait, so this one does.
            if !wasReady, !pace.begun(keepsCount: true) { await pause(notifier, "it cannot continue: \(error)") }
            return code
        }
    }

    private static func waitIfStartsFailed(_ pace: StartPace, _ notifier: ServiceNotifier) async {
        let failed = pace.failedRuns()
        if StartPace.wait(after: failed) > .zero { await pause(notifier, "the last start failed") }
        pace.begun(keepsCount: !failed.isEmpty)
    }

    private static func pause(_ notifier: ServiceNotifier, _ why: String) async {
        notifier.extendTimeout(
            by: StartPace.wait + StartProgress.patience,
            status: "\(why): trying again in \(StartPace.wait.components.seconds) s; the log says more")
        // No task cancels this sleep. A signal ends the process.
        try? await Task.sleep(for: StartPace.wait)
    }

    private static func listening(
        _ parts: ServiceParts, _ context: ServiceContext, socketName: String
    ) async throws -> WireServer {
        let server = WireServer(
            listener: context.sockets.descriptor(named: context.name).map { .inherited(descriptor: $0) }
                ?? .path(context.socketPath(socketName)),
            handler: parts.methods, eventLoop: context.eventLoop, logger: context.logger)
        do { try await server.bind() } catch {
            await parts.close()
            throw error
        }
        return server
    }

    private static func serve(
        _ parts: ServiceParts, _ context: ServiceContext, _ server: WireServer, _ supervision: [any Service],
        _ notifier: ServiceNotifier, until stopSignals: UnixSignalsSequence
    ) async throws {
        var services = parts.background + supervision
        if let deadline = ServiceNotifier.watchdogDeadline {
            services.append(
                Watchdog(
                    parts.vitals + [Vital("answering calls") { await server.pulse() }], deadline: deadline,
                    logger: context.logger, ping: notifier.watchdog,
                    stuck: { notifier.status("stuck: \($0); systemd will replace this process") }))
        }
        services.append(ServerService(server: server))
        var group = ServiceGroupConfiguration(
            services: services.map { .init(service: $0) }
                + [
                    .init(
                        service: StopSignal(signals: stopSignals, notifier: notifier),
                        successTerminationBehavior: .gracefullyShutdownGroup)
                ],
            logger: context.logger.quiet)
        group.maximumGracefulShutdownDuration = .seconds(10)
        group.maximumCancellationDuration = .seconds(5)
        let outcome: Result<Void, any Error>
        do { outcome = .success(try await ServiceGroup(configuration: group).run()) } catch {
            outcome = .failure(error)
            notifier.stopping()
        }
        await parts.close()
        try outcome.get()
        context.logger.notice("stopped")
    }

    /// Makes the directories of the databases and sockets if systemd did not. Only this user may read the first.
    private static func prepareDirectories(_ settings: Settings) throws {
        for (path, mode) in [(settings.stateDirectory, 0o700), (settings.runtimeDirectory, 0o750)] {
            guard !FileManager.default.fileExists(atPath: path) else { continue }
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: mode])
        }
    }

    private static func end(_ name: String, _ line: String, _ code: Int32) -> Int32 {
        ServiceLog.lastWords(line, name: name)
        return code
    }
}

/// Ends at the first stop signal, which ends the whole group.
private struct StopSignal: Service {
    var signals: UnixSignalsSequence
    var notifier: ServiceNotifier

    func run() async throws {
        for await _ in signals.cancelOnGracefulShutdown() {
            // Do this first: from here on systemd waits for the end and no longer for watchdog pings.
            return notifier.stopping()
        }
    }
}

/// The server as one of the group's services. Stopping it finishes the calls that were begun.
private struct ServerService: Service {
    var server: WireServer

    func run() async throws {
        try await withGracefulShutdownHandler {
            try await server.run()
        } onGracefulShutdown: {
            server.shutdown()
        }
    }
}

extension Logger {
    /// A logger for a library that logs each of its steps at `info`.
    fileprivate var quiet: Logger {
        var logger = self
        logger.logLevel = max(logLevel, .warning)
        return logger
    }
}
