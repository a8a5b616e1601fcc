import Testing

@testable import Persistence

@Suite struct CauseTests {
    private static let start = #"connection to server at "db.example" (10.0.0.1), port 5432 failed: "#

    @Test(
        arguments: [
            ("Connection refused\n\tIs the server running on that host and accepting TCP/IP connections?", .refused),
            ("timeout expired", .timedOut), ("No route to host", .unreachable),
            ("could not translate host name \"s3crt\" to address: Name or service not known", .hostUnknown),
            ("Operation not permitted", .notPermitted),
            ("server does not support SSL, but SSL was required", .tlsNotOffered),
            (
                "FATAL:  28000: no pg_hba.conf entry for host \"10.0.0.2\", user \"s3crt\", database \"x\", no encryption",
                .tlsRequired
            ),
            (
                "FATAL:  28000: no pg_hba.conf entry for host \"10.0.0.2\", user \"s3crt\", database \"x\", SSL encryption",
                .notAdmitted
            ),
            ("FATAL:  28000: role \"s3crt\" does not exist", .userUnknown),
            ("FATAL:  28P01: password authentication failed for user \"s3crt\"", .password),
            ("FATALE:  28P01: autenticazione fallita per SSL", .password),
            ("FATAL:  3D000: database \"SSL off\" does not exist", .databaseUnknown),
            ("FATAL:  53300: sorry, too many clients already", .tooManyConnections),
            ("FATAL:  57P03: the database system is starting up", .starting),
            ("FATAL:  XX000: Tenant or user not found", .tenantUnknown),
            (
                "ERROR:  08P01: server login has been failing, try again later (server_login_retry)",
                .poolerWithoutServer
            ),
            ("SSL error: certificate verify failed", .certificate),
            ("server certificate for \"a\" does not match host name \"b\"", .certificate),
            ("root certificate file \"/x\" does not exist", .rootCertificates),
            ("could not open certificate file \"/x\": Permission denied", .clientCertificate),
            ("SSL error: tlsv1 alert internal error", .tls),
            ("received invalid response to SSL negotiation: s", .notPostgres),
            ("expected authentication request from server, but received H", .notPostgres),
            ("fe_sendauth: no password supplied", .noPassword),
            (
                "channel binding required, but server did not offer an authentication method that supports channel binding",
                .authenticationMethod
            ),
            ("server closed the connection unexpectedly", .closedByServer), ("session is read-only", .readOnly),
            ("FATAL:  99999: s3crt", .other), ("s3crt", .other),
        ] as [(String, PostgresCause)])
    func `A failed connection: its cause has a fixed text`(_ words: String, _ cause: PostgresCause) {
        let words = Self.start + words
        let read = PostgresCause(words, SQLState(inVerboseMessage: words))
        #expect(read == cause)
        #expect(!read.description.contains("s3crt"))
    }

    @Test func `A socket of a family that is not allowed: this process may use the network, so it is the family's`() {
        #expect(NetworkAccess.isAllowed)
        let words = "could not create socket: Address family not supported by protocol"
        #expect(PostgresCause(words, nil) == .addressFamilyMissing)
    }

    @Test func `A cause: has a plain code and a unique text`() {
        #expect(Set(PostgresCause.allCases.map(\.description)).count == PostgresCause.allCases.count)
        for cause in PostgresCause.allCases {
            #expect(
                cause.rawValue.utf8.allSatisfy { $0 == UInt8(ascii: "_") || (UInt8(ascii: "a")...122).contains($0) })
        }
    }

    @Test func `The name of an index: kept when Rivet made the index`() {
        #expect(PostgresError.constraintOfOurs("idx_user_machines_nickname") == "idx_user_machines_nickname")
        #expect(PostgresError.constraintOfOurs("user_machines_pkey") == "user_machines_pkey")
        for other in ["s3crt", "", "CREATE", "a user_machines_pkey"] {
            #expect(PostgresError.constraintOfOurs(other) == nil, "\(other)")
        }
        let error = PostgresError(
            outcome: .refused, failure: .conflict, sqlState: SQLState("23505"),
            constraint: "idx_user_machines_nickname", operation: "INSERT", cause: .duplicate)
        #expect(
            error.description == "INSERT: violates a unique index idx_user_machines_nickname (SQLSTATE 23505)")
    }

    @Test(
        arguments: [
            ("", false, .networkNotAllowed), ("\n", false, .networkNotAllowed), ("", true, .other),
            ("could not create socket: Address family not supported by protocol", false, .networkNotAllowed),
            ("could not create socket: Address family not supported by protocol", true, .addressFamilyMissing),
            ("something else", false, .other),
        ] as [(String, Bool, PostgresCause)])
    func `A socket that cannot be created: recognized, even if libpq 17 says nothing`(
        _ words: String, _ isNetworkAllowed: Bool, _ cause: PostgresCause
    ) {
        #expect(PostgresCause(words, isNetworkAllowed: isNetworkAllowed) == cause)
    }
}
