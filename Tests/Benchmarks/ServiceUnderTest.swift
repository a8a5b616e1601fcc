import Contracts
import Foundation
import Glibc
import TestSupport

/// A service of the benchmark's own.
struct ServiceUnderTest {
    let process: ChildProcess
    let socketPath: String
    /// From the start of the process to its first answer.
    let readyAfter: Duration

    /// - Parameters:
    ///   - directory: for its databases and its log, on the disk that is measured.
    ///   - telegramURL: where the gateway finds a Bot API server.
    init(_ binary: RivetBinary, directory: String, telegramURL: String = "") throws {
        let name = binary.rawValue.dropFirst("rivet-".count)
        // A socket's path must be short.
        let run = "/tmp/rivet-bench-\(getpid())"
        socketPath = "\(run)/\(name).sock"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let start = ContinuousClock.now
        process = try ChildProcess(
            binary.path,
            environment: [
                "RIVET_STATE_DIR": directory + "/state", "RIVET_RUNTIME_DIR": run, "RIVET_LOG_LEVEL": "error",
                "TELEGRAM_API_URL": telegramURL, "TELEGRAM_BOT_TOKEN": "1:BENCH",
            ],
            log: directory + "/\(name).log")
        _ = try FrameClient(socketPath).result("service.health")
        readyAfter = .now - start
    }

    func stop() {
        process.signal(SIGTERM)
        process.wait()
    }
}
