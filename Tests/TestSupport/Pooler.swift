import Glibc

/// A real PgBouncer before a server: each transaction gets the next of a few sessions, so that two consecutive ones
/// never share a session. Debian 12's version does not support prepared statements.
///
/// Unlike a hosted pooler it checks no password and has no TLS.
public final class Pooler: Sendable {
    private static let program = "/usr/sbin/pgbouncer"

    /// Whether this machine has PgBouncer, and a server for it.
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
