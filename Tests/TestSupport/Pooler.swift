import Glibc

/// A PgBouncer of a test's own in front of a server: each transaction gets the next of a few sessions, so that two in a
/// row are never in the same one. Debian 12 has a version that knows nothing of prepared statements.
public final class Pooler: Sendable {
    private static let program = "/usr/sbin/pgbouncer"

    /// Whether PgBouncer is on this machine, and a server for it.
    public static var isInstalled: Bool { access(program, X_OK) == 0 && PostgresCluster.isInstalled }

    public let port: UInt16
    private let directory: TestDirectory
    private let process: ChildProcess

    public init(to cluster: PostgresCluster, sessions: Int = 2) throws {
        directory = try TestDirectory()
        port = try freePort()
        let settings = """
            [databases]
            * = host=127.0.0.1 port=\(cluster.port) user=\(PostgresCluster.user) password='\(PostgresCluster.password)'

            [pgbouncer]
            listen_addr = 127.0.0.1
            listen_port = \(port)
            unix_socket_dir =
            auth_type = any
            pool_mode = transaction
            server_round_robin = 1
            default_pool_size = \(sessions)
            """
        try directory.write(settings, to: "pgbouncer.ini")
        for path in [directory.path, directory.path + "/pgbouncer.ini"] { try PostgresCluster.giveToServer(path) }
        process = try PostgresCluster.startServer(
            Self.program, [directory.path + "/pgbouncer.ini"], in: directory, saying: "process up")
    }
}
