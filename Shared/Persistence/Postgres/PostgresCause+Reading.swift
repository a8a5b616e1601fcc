extension PostgresCause {
    /// The cause in libpq's message about a failed connection, which may quote the server's message.
    ///
    /// A SQLSTATE with one meaning counts first, then a phrase, then the SQLSTATE's class.
    init(_ words: String, _ state: SQLState?) {
        if let state, let cause = Self.states[state.code] {
            self = cause
        } else {
            let said = PostgresCause(words)
            self = said == .other ? state.map { PostgresCause($0) } ?? .other : said
        }
    }

    /// The cause by the fixed phrases of libpq, PostgreSQL and poolers.
    ///
    /// If a socket cannot be created because the address family is missing, libpq 15 says so, and libpq 17 gives an
    /// empty message.
    ///
    /// - Parameter isNetworkAllowed: evaluated only when the address family may be missing.
    init(_ words: String, isNetworkAllowed: @autoclosure () -> Bool = NetworkAccess.isAllowed) {
        if words.allSatisfy(\.isWhitespace) {
            self = isNetworkAllowed() ? .other : .networkNotAllowed
        } else if let cause = Self.phrases.first(where: { words.contains($0.phrase) })?.cause {
            self = cause == .networkNotAllowed && isNetworkAllowed() ? .addressFamilyMissing : cause
        } else {
            self = words.contains("role \"") && words.contains("does not exist") ? .userUnknown : .other
        }
    }

    /// The cause of a SQLSTATE: its own entry, or else that of its class.
    init(_ state: SQLState) { self = Self.states[state.code] ?? Self.states[state.category] ?? .other }

    /// The first match counts. libpq's messages are English here, since no service calls setlocale(3).
    private static let phrases: [(phrase: String, cause: PostgresCause)] = [
        ("Address family not supported by protocol", .networkNotAllowed),
        ("could not translate host name", .hostUnknown),
        ("Connection refused", .refused),
        ("No route to host", .unreachable), ("Network is unreachable", .unreachable),
        ("Host is unreachable", .unreachable), ("Network is down", .unreachable),
        ("Operation not permitted", .notPermitted),
        ("timeout expired", .timedOut), ("Connection timed out", .timedOut),

        ("server does not support SSL", .tlsNotOffered),
        ("no encryption", .tlsRequired), ("SSL off", .tlsRequired), ("connection is insecure", .tlsRequired),
        ("SSL required", .tlsRequired),
        ("certificate verify failed", .certificate), ("server certificate for", .certificate),
        ("could not get server's host name from server certificate", .certificate),
        ("root certificate", .rootCertificates),
        ("certificate file", .clientCertificate), ("private key file", .clientCertificate),
        ("received invalid response to", .notPostgres), ("expected authentication request", .notPostgres),
        ("wrong version number", .notPostgres),
        ("channel binding", .authenticationMethod), ("channel_binding", .authenticationMethod),
        ("authentication method", .authenticationMethod), ("none of the server's SASL", .authenticationMethod),
        ("no password supplied", .noPassword), ("empty password", .noPassword),
        ("Tenant or user not found", .tenantUnknown), ("tenant/user", .tenantUnknown),
        ("Endpoint ID is not specified", .tenantUnknown),
        ("password authentication failed", .password), ("SASL authentication failed", .password),
        ("server login", .poolerWithoutServer), ("query_wait_timeout", .poolerWithoutServer),
        ("no such database", .databaseUnknown), ("no such user", .userUnknown),
        ("no pg_hba.conf entry", .notAdmitted), ("pg_hba.conf rejects", .notAdmitted),
        ("Peer authentication failed", .notAdmitted), ("Ident authentication failed", .notAdmitted),
        ("too many connections", .tooManyConnections), ("too many clients", .tooManyConnections),
        ("connection slots", .tooManyConnections), ("client connections", .tooManyConnections),
        ("session is read-only", .readOnly), ("server is in hot standby mode", .readOnly),
        ("the database system is", .starting),

        ("No such file or directory", .noSocket), ("Permission denied", .socketForbidden),
        ("SSL", .tls),
        ("server closed the connection", .closedByServer), ("Connection reset by peer", .closedByServer),
        ("Broken pipe", .closedByServer), ("no connection to the server", .closedByServer),
        ("lost synchronization with server", .notPostgres), ("out of memory", .resources),
    ]

    /// By SQLSTATE, or by class (its first two characters): PostgreSQL manual, appendix A.
    private static let states: [String: PostgresCause] = [
        "08": .closedByServer, "22": .value, "23": .constraint, "23505": .duplicate, "25006": .readOnly,
        "25": .sessionLost, "26": .sessionLost, "28": .notAdmitted, "28P01": .password, "3D": .databaseUnknown,
        "3D000": .databaseUnknown,
        "40": .busy, "55P03": .busy, "55": .busy, "57014": .cancelled,
        "42": .statement, "42501": .privilege, "42P01": .tableMissing, "0A": .statement, "P0": .statement,
        "53": .resources, "53100": .diskFull, "53300": .tooManyConnections, "54": .value,
        "57P": .shutdown, "57P01": .shutdown, "57P02": .shutdown, "57P03": .starting, "57P04": .databaseUnknown,
        "57P05": .shutdown, "57": .shutdown, "58": .storage, "XX": .serverFault, "XX001": .storage, "XX002": .storage,
    ]
}
