internal import Contracts
internal import Foundation
internal import Glibc
internal import TestSupport

/// A rivet-state of the benchmark's own, on an empty store.
struct StateServiceUnderTest {
    let process: ChildProcess
    let socketPath: String
    /// From the start of the process to its first answer.
    let readyAfter: Duration

    init(directory: String, _ binary: RivetBinary = .state) throws {
        let name = binary == .state ? "state" : "library"
        // A socket's path is short; the databases are on the disk that is measured.
        let run = "/tmp/rivet-bench-\(getpid())"
        socketPath = "\(run)/\(name).sock"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let start = ContinuousClock.now
        process = try ChildProcess(
            binary.path,
            environment: ["RIVET_STATE_DIR": directory + "/state", "RIVET_RUNTIME_DIR": run, "RIVET_LOG_LEVEL": "error"],
            log: directory + "/\(name).log")
        _ = try FrameClient(socketPath).result("service.health")
        readyAfter = .now - start
    }

    func stop() {
        process.signal(SIGTERM)
        process.wait()
    }
}
