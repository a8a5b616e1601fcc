import Contracts
import Foundation
import Glibc
import TestSupport

/// Runs the real programs with some settings, and collects all their output.
struct SecretPrograms {
    /// Each text with its origin.
    private(set) var outputs: [(place: String, text: [UInt8])] = []
    private(set) var exitCodes: [Int32] = []

    private let bench: SecretBench
    private let variables: [String: String]
    /// The services log to this journal; nil: to standard error.
    private let journal: PrivateJournal?

    init(_ bench: SecretBench, _ variables: [String: String], journal: PrivateJournal?) {
        self.bench = bench
        self.variables = variables
        self.journal = journal
    }

    private var directory: TestDirectory { bench.directory }

    private mutating func add(_ place: String, _ text: String) { outputs.append((place, Array(text.utf8))) }

    private mutating func addFile(_ path: String) {
        outputs.append((path, (try? Data(contentsOf: URL(filePath: path))).map { Array($0) } ?? []))
    }

    // MARK: Services

    /// Starts a service, makes it reload its settings, and stops it.
    ///
    /// - Parameter file: `rivet.env` at the start; the present content replaces it before the reload.
    mutating func run(_ binary: RivetBinary, startingWith file: String? = nil) async throws {
        let path = directory.path + "/rivet.env"
        let ownFile = try? Data(contentsOf: URL(filePath: path))
        if let file { try directory.write(file, to: "rivet.env") }
        try? FileManager.default.removeItem(atPath: directory.path + "/notify")
        let manager = try ServiceManager(in: directory)
        let log = directory.path + "/\(binary.rawValue).log"
        let environment = variables.merging(manager.environment()) { $1 }
        let process =
            try journal?.run(binary.path, [], environment, isConnected: true, log: log)
            ?? ChildProcess(binary.path, environment: environment, log: log)
        addFile("/proc/\(process.processID)/cmdline")
        var isReady = false
        try await eventually("\(binary.rawValue) is ready or has ended") {
            while let message = manager.next(within: .zero) { isReady = isReady || message.hasPrefix("READY=1\n") }
            return isReady || !process.isRunning
        }
        if isReady {
            try await listen(binary)
            if let ownFile, file != nil { try directory.write(Array(ownFile), to: "rivet.env") }
            process.signal(SIGHUP)
            try manager.ready()
            try await listen(binary)
            add("the status of \(binary.rawValue)", manager.messages.joined(separator: "\n"))
            process.signal(SIGTERM)
        }
        exitCodes.append(process.wait())
        manager.drain()
        add("the status of \(binary.rawValue)", manager.messages.joined(separator: "\n"))
        addFile(log)
    }

    /// Collects the service's health, after each tier was tried once.
    private mutating func listen(_ binary: RivetBinary) async throws {
        let name = binary.rawValue.replacing("rivet-", with: "")
        let runtime = variables["RIVET_RUNTIME_DIR"] ?? ""
        let client = try FrameClient("\(runtime)/\(name).sock")
        var health = JSONValue.null
        try await eventually("\(name) has tried its tiers") {
            health = try client.result("service.health")
            return health["tiers"]?.arrayValue?.allSatisfy { $0["state"] != "probing" } ?? true
        }
        add("the health of \(name)", health.text)
    }

    // MARK: rivetctl

    mutating func control() throws {
        let calls = [
            ["health"], ["health", "--json"], ["tiers"], ["tiers", "--json"], ["doctor", "--timeout", "5s"],
            ["doctor", "--timeout", "5s", "--json"], ["verify", "--json"], ["migrate", "--tier", "neon"],
        ]
        // All at once: they spend most of their time waiting for servers.
        let listings = try onThreads(calls.count) { [variables, directory] in
            try RivetctlRun(calls[$0], variables, in: directory)
        }
        for (call, listing) in zip(calls, listings) { add("rivetctl \(call.joined(separator: " "))", listing.text) }
    }
}
