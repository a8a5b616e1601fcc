import Foundation
import Glibc
import Synchronization

/// One service as a real process with a directory: started, killed, and started again.
public final class RivetProcess: Sendable {
    public let binary: RivetBinary
    public let directory: TestDirectory
    private let environment: [String: String]
    private let running = Mutex<ChildProcess?>(nil)

    /// Does not start the service.
    ///
    /// - Parameters:
    ///   - directory: services that belong together share it.
    ///   - environment: in addition to the directories of the databases and sockets.
    public init(_ binary: RivetBinary, _ environment: [String: String] = [:], in directory: TestDirectory) {
        self.binary = binary
        self.directory = directory
        self.environment = [
            "RIVET_STATE_DIR": directory.path + "/state", "RIVET_RUNTIME_DIR": directory.path + "/run",
            "RIVET_LOG_LEVEL": "debug",
        ].merging(environment) { _, own in own }
    }

    private var socketName: String { binary.rawValue.replacing("rivet-", with: "") }
    public var stateDirectory: String { environment["RIVET_STATE_DIR"] ?? directory.path }
    public var socketPath: String { "\(environment["RIVET_RUNTIME_DIR"] ?? directory.path)/\(socketName).sock" }
    public var databasePath: String { "\(stateDirectory)/\(socketName).db" }
    public var logPath: String { "\(directory.path)/\(binary.rawValue).log" }
    public var log: String { (try? String(contentsOfFile: logPath, encoding: .utf8)) ?? "(no log)" }
    public var lineCount: Int { log.split(separator: "\n").count }

    public var process: ChildProcess {
        get throws {
            guard let process = running.withLock({ $0 }) else {
                throw ChildProcess.Failure(description: "\(binary.rawValue) was not started")
            }
            return process
        }
    }

    /// Starts the process without waiting for anything.
    @discardableResult
    public func launch(_ more: [String: String] = [:]) throws -> ChildProcess {
        let process = try ChildProcess(
            binary.path, environment: environment.merging(more) { _, own in own }, log: logPath)
        running.withLock { $0 = process }
        return process
    }

    /// Starts the process and waits until it responds.
    public func start(_ more: [String: String] = [:]) throws {
        let process = try launch(more)
        let end = ContinuousClock.now + .seconds(20)
        while true {
            do {
                _ = try FrameClient(socketPath, deadline: .milliseconds(50)).result("service.health")
                return
            } catch {
                guard process.isRunning else {
                    throw ChildProcess.Failure(
                        description: "\(binary.rawValue) ended with \(process.wait()) instead of starting:\n\(log)")
                }
                guard .now < end else { throw error }
            }
        }
    }

    /// Another connection to the service.
    public func client(receiveTimeout: Duration = .seconds(20)) throws -> FrameClient {
        try FrameClient(socketPath, receiveTimeout: receiveTimeout)
    }

    /// Sends SIGKILL, and waits for the end.
    public func kill() throws { try process.killNow() }

    /// Sends SIGTERM, and waits for the end.
    /// - Returns: the exit code.
    @discardableResult
    public func stop() throws -> Int32 {
        let process = try process
        process.signal(SIGTERM)
        return process.wait()
    }

    public func restart(_ more: [String: String] = [:]) throws {
        try stop()
        try start(more)
    }
}
