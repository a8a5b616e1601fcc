/// The cause of a failure: a stable code (the raw value), and Rivet's text for it.
///
/// The messages of libpq and the server are searched for fixed phrases and then discarded, because they may quote the
/// user, the password and what people typed.
public enum PostgresCause: String, Sendable, CaseIterable, CustomStringConvertible {
    // MARK: No connection
    case networkNotAllowed = "network_not_allowed"
    case addressFamilyMissing = "address_family_missing"
    case notPermitted = "not_permitted"
    case hostUnknown = "host_unknown"
    case refused
    case unreachable
    case timedOut = "timed_out"
    case noSocket = "no_socket"
    case socketForbidden = "socket_forbidden"
    case closedByServer = "closed_by_server"
    case closedHere = "closed_here"
    case notPostgres = "not_postgres"

    // MARK: TLS
    case tlsNotOffered = "tls_not_offered"
    case tlsRequired = "tls_required"
    case certificate
    case rootCertificates = "root_certificates"
    case clientCertificate = "client_certificate"
    case tls

    // MARK: Access
    case password
    case noPassword = "no_password"
    case userUnknown = "user_unknown"
    case notAdmitted = "not_admitted"
    case authenticationMethod = "authentication_method"
    case tenantUnknown = "tenant_unknown"
    case databaseUnknown = "database_unknown"
    case privilege
    case tooManyConnections = "too_many_connections"

    // MARK: The server's state
    case starting
    case shutdown
    case readOnly = "read_only"
    case diskFull = "disk_full"
    case resources
    case storage
    case poolerWithoutServer = "pooler_without_server"
    case sessionLost = "session_lost"

    // MARK: A statement
    case busy
    case cancelled
    case tableMissing = "table_missing"
    case duplicate = "duplicate"
    case constraint
    case value
    case statement
    case zeroCharacter = "zero_character"
    case unexpectedAnswer = "unexpected_answer"
    case commitUnconfirmed = "commit_unconfirmed"
    case noMark = "no_mark"
    case encoding
    case hostNumberTaken = "host_number_taken"
    case queueFull = "queue_full"
    case noThread = "no_thread"
    case serverFault = "server_fault"
    case other

    public var description: String {
        switch self {
        case .networkNotAllowed:
            "no network is allowed to this process (address family not supported): link remote-tiers.conf"
        case .addressFamilyMissing: "this machine has no IPv6, or none of this address's family"
        case .notPermitted: "the connection is not permitted here: a firewall, or IPAddressDeny= of the unit"
        case .hostUnknown: "no address was found for the host"
        case .refused: "connection refused"
        case .unreachable: "the network or the host cannot be reached"
        case .timedOut: "no answer in time"
        case .noSocket: "no server listens at that socket (no such file)"
        case .socketForbidden: "permission denied for that socket"
        case .closedByServer: "the server closed the connection"
        case .closedHere: "the connection was closed"
        case .notPostgres: "what answers there is no PostgreSQL server"
        case .tlsNotOffered: "TLS is required by sslmode, and the server offers none"
        case .tlsRequired: "the server takes connections with TLS only, and sslmode does not ask for it"
        case .certificate: "the server's certificate is not trusted, or is another host's"
        case .rootCertificates: "the root certificates that sslmode needs cannot be read"
        case .clientCertificate: "the client certificate or its key cannot be used"
        case .tls: "TLS failed"
        case .password: "the user or the password is wrong"
        case .noPassword: "the server wants a password, and there is none"
        case .userUnknown: "the server has no such user"
        case .notAdmitted: "the server does not admit this user, host or database"
        case .authenticationMethod: "the server and this libpq agree on no way to authenticate"
        case .tenantUnknown: "the pooler knows no such project or user"
        case .databaseUnknown: "there is no such database"
        case .privilege: "the user lacks a privilege"
        case .tooManyConnections: "too many connections"
        case .starting: "the server starts up, shuts down or recovers"
        case .shutdown: "the server ended the session"
        case .readOnly: "it takes no writes"
        case .diskFull: "its disk is full"
        case .resources: "memory, or another resource, is used up"
        case .storage: "it has trouble with its files"
        case .poolerWithoutServer: "the pooler cannot reach its server"
        case .sessionLost: "the session changed unexpectedly"
        case .busy: "it conflicted with another transaction"
        case .cancelled: "the server cancelled the statement"
        case .tableMissing: "a table is missing"
        case .duplicate: "violates a unique index"
        case .constraint: "violates a constraint"
        case .value: "a value is refused"
        case .statement: "the statement is refused"
        case .zeroCharacter: "a value has the character U+0000"
        case .unexpectedAnswer: "an unexpected response"
        case .commitUnconfirmed:
            "the server warned at the commit that a standby has not confirmed it: look at synchronous_standby_names"
        case .noMark: "the database keeps no mark"
        case .encoding:
            "the encoding of the database is not UTF8, so it refuses what people write in other letters: make another one "
                + "(CREATE DATABASE … TEMPLATE template0 ENCODING 'UTF8') and name it in the URL"
        case .hostNumberTaken:
            "another store with this host's number was there in the last ten minutes: give each host a different "
                + "RIVET_HOST_NUMBER, 0 to 63, or wait if this host replaces that one"
        case .queueFull: "too many batches are waiting"
        case .noThread: "this process may start no more threads: raise TasksMax= or the limit of processes"
        case .serverFault: "a fault of the server"
        case .other: "for an unknown reason; the server's log has more"
        }
    }
}
