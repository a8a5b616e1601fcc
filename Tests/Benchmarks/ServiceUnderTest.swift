import Contracts
import Foundation
import Glibc
import TestSupport

/// A service that the benchmark starts.
struct ServiceUnderTest {
    let process: ChildProcess
    let socketPath: String
    /// The time from the start of the process to its first response.
    let readyAfter: Duration

    /// - Parameters:
    ///   - directory: for its databases and its log, on the measured disk.
    ///   - telegramURL: the address of a Bot API server for the gateway.
    ///   - run: a short name for its socket's directory; two services of one kind need different ones.
    ///   - environment: more settings, such as the URLs of databases.
    ///   - binaries: the directory of the binary; nil for the directory of the others.
    init(
        _ binary: RivetBinary, directory: String, telegramURL: String = "", run: String = "0",
        environment: [String: String] = [:], binaries: String? = nil
    ) throws {
        let name = binary.rawValue.dropFirst("rivet-".count)
        let run = "/tmp/rivet-bench-\(getpid())-\(run)"
        socketPath = "\(run)/\(name).sock"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let start = ContinuousClock.now
        process = try ChildProcess(
            binaries.map { $0 + "/" + binary.rawValue } ?? binary.path,
            environment: [
                "RIVET_STATE_DIR": directory + "/state", "RIVET_RUNTIME_DIR": run, "RIVET_LOG_LEVEL": "error",
                "TELEGRAM_API_URL": telegramURL, "TELEGRAM_BOT_TOKEN": "1:BENCH",
            ].merging(environment) { _, own in own },
            log: directory + "/\(name).log")
        _ = try FrameClient(socketPath).result("service.health")
        readyAfter = .now - start
    }

    func stop() {
        process.signal(SIGTERM)
        process.wait()
    }
}
