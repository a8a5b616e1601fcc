import Foundation
import Glibc
import Synchronization

/// A real PostgreSQL server for a test: its data is in a `TestDirectory`, and it listens on a Unix socket there and on
/// a free port of the loopback interface. It ends with the test, or with the process.
///
/// Unlike a hosted database it has no TLS, no pooler and no network delay, never suspends, and its user is a superuser.
/// Unless `isDurable`, it does not wait for its disk. Autovacuum is off.
public final class PostgresCluster: Sendable {
    public static let user = "rivet"
    public static let password = "correct horse"
    private static let startSeconds = 30.0

    /// Whether this machine has PostgreSQL.
    public static var isInstalled: Bool { binaries != nil }

    private static let binaries = [
        "/usr/lib/postgresql/15/bin", "/usr/lib/postgresql/17/bin", "/usr/lib/postgresql/16/bin",
    ]
    .first { access($0 + "/initdb", X_OK) == 0 }
    /// The running servers, so that they end with the process: only that ends a server that suites share.
    private static let running = Mutex<[(processID: Int32, path: String)]>([])
    private static let endsWithProcess: Void = {
        atexit {
            for server in PostgresCluster.running.withLock({ $0 }) {
                _ = Glibc.kill(server.processID, SIGQUIT)
                waitpid(server.processID, nil, 0)
                try? FileManager.default.removeItem(atPath: server.path)
            }
        }
        return
    }()

    public let port: UInt16
    private let directory: TestDirectory
    private let server = Mutex<ChildProcess?>(nil)

    /// Makes and starts a server. Takes about a second.
    ///
    /// - Parameters:
    ///   - isDurable: whether it waits for the disk.
    ///   - more: more lines of its configuration.
    public init(isDurable: Bool = false, settings more: String = "") throws {
        guard Self.binaries != nil else { throw ChildProcess.Failure(description: "PostgreSQL is not installed") }
        _ = Self.endsWithProcess
        directory = try TestDirectory()
        port = try freePort()
        try directory.write(Self.password, to: "password")
        for path in [directory.path, directory.path + "/password"] { try Self.giveToServer(path) }
        try run(
            "initdb",
            [
                "--pgdata=\(dataPath)", "--username=\(Self.user)", "--pwfile=\(directory.path)/password", "--no-sync",
                "--auth-local=trust", "--auth-host=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8",
                "--no-instructions",
            ])
        let settings = """
            listen_addresses = '127.0.0.1'
            port = \(port)
            unix_socket_directories = '\(directory.path)'
            fsync = \(isDurable ? "on" : "off")
            synchronous_commit = \(isDurable ? "on" : "off")
            max_connections = 100
            shared_buffers = 32MB
            autovacuum = off
            lc_messages = 'C'
            \(more)
            """
        let file = try FileHandle(forWritingTo: URL(filePath: dataPath + "/postgresql.conf"))
        try file.seekToEnd()
        try file.write(contentsOf: Data(settings.utf8))
        try file.close()
        try start()
    }

    /// A second server with the present data of `primary`, like a replica that was promoted. Takes some seconds.
    public init(copyOf primary: PostgresCluster) throws {
        directory = try TestDirectory()
        port = try freePort()
        try Self.giveToServer(directory.path)
        try run(
            "pg_basebackup",
            [
                "--pgdata=\(dataPath)", "--host=\(primary.directory.path)", "--port=\(primary.port)",
                "--username=\(Self.user)", "--checkpoint=fast", "--no-sync",
            ])
        let settings = "port = \(port)\nunix_socket_directories = '\(directory.path)'\n"
        try directory.write(settings, to: "data/postgresql.auto.conf")
        try Self.giveToServer(dataPath + "/postgresql.auto.conf")
        try start()
    }

    deinit { kill() }

    /// The URL over the Unix socket, without a password.
    public func url(database: String = "postgres") -> String {
        "postgresql:///\(database)?host=\(directory.path)&port=\(port)&user=\(Self.user)"
    }

    /// The URL over TCP, with a password.
    public func tcpURL(
        database: String = "postgres", user: String = PostgresCluster.user, password: String = PostgresCluster.password,
        port: UInt16? = nil
    ) -> String {
        let password = password.replacingOccurrences(of: " ", with: "%20")
        return "postgresql://\(user):\(password)@127.0.0.1:\(port ?? self.port)/\(database)?sslmode=disable"
    }

    /// Makes an empty database.
    public func createDatabase(_ name: String) throws {
        try run("createdb", ["--host=\(directory.path)", "--port=\(port)", "--username=\(Self.user)", name])
    }

    // MARK: Start and end

    public func start() throws { try start(saying: "ready to accept connections") }

    /// Starts it as a standby that waits for a primary, and takes no writes until then. It must have been stopped.
    public func startAsStandby() throws {
        try directory.write("", to: "data/standby.signal")
        try Self.giveToServer(dataPath + "/standby.signal")
        try start(saying: "ready to accept read-only connections")
    }

    private func start(saying words: String) throws {
        let child = try Self.startServer(
            Self.path(of: "postgres"), ["-D", dataPath], in: directory, saying: words)
        server.withLock { $0 = child }
        Self.running.withLock { $0.append((child.processID, directory.path)) }
    }

    /// Like `pg_ctl stop -m fast`: sessions end with 57P01. Waits for the end.
    public func stop() { end(SIGINT) }

    /// Sends SIGKILL to the server and all its sessions, and waits until all have ended: a new server refuses to start
    /// while the shared memory of an old one is in use.
    public func kill() {
        guard let child = server.withLock({ $0 }) else { return }
        // From now on the server forks no new session.
        child.signal(SIGSTOP)
        let sessions = processIDs.dropFirst()
        for session in sessions { _ = Glibc.kill(session, SIGKILL) }
        end(SIGKILL)
        let limit = Date(timeIntervalSinceNow: Self.startSeconds)
        while sessions.contains(where: Self.isRunning), Date() < limit { usleep(1_000) }
    }

    /// False after the process has released its resources, even if its parent has not waited for it (proc(5), state
    /// `Z`).
    private static func isRunning(_ process: Int32) -> Bool {
        let stat = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)
        return stat.map { !$0.contains(") Z ") && !$0.contains(") X ") } ?? false
    }

    private func end(_ signal: Int32) {
        guard let child = server.withLock({ $0.take() }) else { return }
        child.signal(signal)
        child.wait()
        Self.running.withLock { $0.removeAll { $0.processID == child.processID } }
    }

    /// The process ID of the server, then those of its sessions and helpers; none while it is down.
    public var processIDs: [Int32] {
        server.withLock { $0 }.map { [$0.processID] + Self.children(of: $0.processID) } ?? []
    }

    /// Sends SIGSTOP to the server and its sessions: it can be reached, and does not respond.
    public func freeze() { signalAll(SIGSTOP) }
    public func thaw() { signalAll(SIGCONT) }

    private func signalAll(_ signal: Int32) {
        guard let child = server.withLock({ $0 }) else { return }
        let sessions = processIDs.dropFirst()
        child.signal(signal)
        for session in sessions { _ = Glibc.kill(session, signal) }
    }

    // MARK: Processes

    private var dataPath: String { directory.path + "/data" }

    /// Starts a server program with its log in `directory`, and waits until the log has `words`.
    static func startServer(
        _ program: String, _ arguments: [String], in directory: TestDirectory, saying words: String
    ) throws -> ChildProcess {
        let pipe = directory.path + "/log"
        unlink(pipe)
        guard mkfifo(pipe, 0o600) == 0 else { throw ChildProcess.Failure(description: "no pipe for the log") }
        // Opened for both, so that the pipe has a reader before the server writes, and never ends.
        let log = open(pipe, O_RDWR | O_CLOEXEC | O_NONBLOCK)
        let child = try child(program, arguments, log: pipe)
        guard isReady(child, log, words) else {
            close(log)
            child.killNow()
            throw ChildProcess.Failure(description: "\(program) did not start")
        }
        Thread.detachNewThread { drain(log) }
        return child
    }

    /// Runs the program as `postgres` if this process is root: the server and its pooler refuse to run as root.
    private static func child(_ program: String, _ arguments: [String], log: String) throws -> ChildProcess {
        let environment = ["PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"]
        guard geteuid() == 0 else {
            return try ChildProcess(program, arguments: arguments, environment: environment, log: log)
        }
        return try ChildProcess(
            "/usr/bin/setpriv",
            arguments: ["--reuid=postgres", "--regid=postgres", "--clear-groups", program] + arguments,
            environment: environment, log: log)
    }

    private static func path(of program: String) -> String { "\(binaries ?? "")/\(program)" }

    private func run(_ program: String, _ arguments: [String]) throws {
        let log = directory.path + "/\(program).log"
        let status = try Self.child(Self.path(of: program), arguments, log: log).wait()
        guard status == 0 else {
            let words = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
            throw ChildProcess.Failure(description: "\(program) ended with \(status): \(words)")
        }
    }

    static func giveToServer(_ path: String) throws {
        guard geteuid() == 0 else { return }
        guard let user = getpwnam("postgres"), chown(path, user.pointee.pw_uid, user.pointee.pw_gid) == 0 else {
            throw ChildProcess.Failure(description: "there is no user postgres to run PostgreSQL as")
        }
    }

    private static func isReady(_ child: ChildProcess, _ log: Int32, _ words: String) -> Bool {
        let limit = Date(timeIntervalSinceNow: startSeconds)
        var text = ""
        while child.isRunning, Date() < limit {
            var ready = pollfd(fd: log, events: Int16(POLLIN), revents: 0)
            guard poll(&ready, 1, 100) > 0 else { continue }
            var buffer = [UInt8](repeating: 0, count: 4_096)
            let count = read(log, &buffer, buffer.count)
            if count > 0 { text += String(decoding: buffer[..<count], as: UTF8.self) }
            if text.contains(words) { return true }
        }
        print("its log: \(text)")
        return false
    }

    /// A server would stand still if the pipe of its log were full.
    private static func drain(_ log: Int32) {
        var buffer = [UInt8](repeating: 0, count: 4_096)
        while true {
            var ready = pollfd(fd: log, events: Int16(POLLIN), revents: 0)
            guard poll(&ready, 1, -1) > 0 else { continue }
            _ = read(log, &buffer, buffer.count)
        }
    }

    private static func children(of parent: Int32) -> [Int32] {
        let text =
            (try? String(contentsOfFile: "/proc/\(parent)/task/\(parent)/children", encoding: .utf8)) ?? ""
        return text.split(separator: " ").compactMap { Int32($0) }
    }
}

/// A port of the loopback interface that is free now. The kernel gives it to no connection (its range begins at 32,768,
/// ip(7)), and another test is unlikely to choose it before it is used.
func freePort() throws -> UInt16 {
    for _ in 0..<100 {
        guard let (descriptor, port) = try? listeningSocket(port: .random(in: 20_000..<32_768)) else { continue }
        close(descriptor)
        return port
    }
    throw ChildProcess.Failure(description: "no free port below 32,768")
}

/// A listening socket on the loopback interface.
func listeningSocket(port: UInt16) throws -> (descriptor: Int32, port: UInt16) {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
    var on: Int32 = 1
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
    var address = loopbackAddress(port)
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let code = withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
            guard bind(descriptor, pointer, size) == 0, listen(descriptor, 64) == 0 else { return Int32(-1) }
            return getsockname(descriptor, pointer, &size)
        }
    }
    guard code == 0 else {
        let reason = String(cString: strerror(errno))
        close(descriptor)
        throw ChildProcess.Failure(description: "no listening socket: \(reason)")
    }
    return (descriptor, UInt16(bigEndian: address.sin_port))
}

func loopbackAddress(_ port: UInt16) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    return address
}
