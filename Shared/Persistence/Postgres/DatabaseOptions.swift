import CLibpq

/// The options of a database URL: those of libpq with their accepted values, and those that only other clients know.
enum DatabaseOptions {
    /// The options that libpq knows; they depend on its version.
    static let known: Set<String> = {
        guard let options = PQconninfoParse("", nil) else { return [] }
        defer { PQconninfoFree(options) }
        var names: Set<String> = []
        var option = options
        while let keyword = option.pointee.keyword {
            names.insert(String(cString: keyword))
            option += 1
        }
        return names
    }()

    /// libpq's version: 15 on Debian 12, 17 on Debian 13.
    static var majorVersion: Int { Int(PQlibVersion()) / 10_000 }

    /// The value of `sslrootcert` for the certificates that the system trusts: a keyword from libpq 16 on.
    static var systemRoots: String {
        majorVersion >= 16 ? "system" : "/etc/ssl/certs/ca-certificates.crt"
    }

    /// Options whose values never appear in a message. Neither does the text after one, which may be the rest of its
    /// value.
    static let secret: Set<String> = [
        "password", "sslpassword", "scram_client_key", "scram_server_key", "oauth_client_secret",
    ]

    /// Options of other clients that do not matter to Rivet. They are ignored.
    ///
    /// In lower case. From the documentation of Prisma, node-postgres, SQLAlchemy with asyncpg and psycopg, the JDBC
    /// driver, pgx and lib/pq, Rails, Django, and from the URLs that Supabase and Neon show.
    static let ignored: Set<String> = [
        // Prisma
        "pgbouncer", "schema", "connection_limit", "pool_timeout", "socket_timeout", "statement_cache_size",
        "max_connection_lifetime", "max_idle_connection_lifetime",
        // node-postgres, and Supabase's dashboard
        "uselibpqcompat", "supa", "max", "min", "encoding", "query_timeout", "statement_timeout", "lock_timeout",
        "idle_in_transaction_session_timeout", "idletimeoutmillis", "connectiontimeoutmillis", "workaround",
        // SQLAlchemy
        "prepared_statement_cache_size", "prepared_statement_name_func", "async_fallback", "command_timeout",
        "max_cached_statement_lifetime", "max_cacheable_statement_size", "prepare_threshold", "autocommit",
        // JDBC
        "currentschema", "preparethreshold", "preparedstatementcachequeries", "preparedstatementcachesizemib",
        "preferquerymode", "logintimeout", "sockettimeout", "connecttimeout", "canceltimeout",
        "tcpkeepalive", "rewritebatchedinserts", "binarytransfer", "defaultrowfetchsize", "stringtype",
        "applicationname", "assumeminserverversion", "autosave", "loadbalancehosts", "hostrecheckseconds",
        "logunclosedconnections",
        // pgx, lib/pq
        "default_query_exec_mode", "statement_cache_capacity", "description_cache_capacity", "binary_parameters",
        "pool_max_conns", "pool_min_conns", "pool_max_conn_lifetime", "pool_max_conn_lifetime_jitter",
        "pool_max_conn_idle_time", "pool_health_check_period", "search_path",
        // Rails, Django
        "pool", "prepared_statements", "reaping_frequency", "checkout_timeout", "advisory_locks", "conn_max_age",
        "conn_health_checks", "disable_server_side_cursors",
    ]

    /// TLS options of other clients. Ignoring one would make a connection less safe than intended.
    private static let security: Set<String> = [
        "ssl", "sslaccept", "sslidentity", "ssl_require", "sslfactory", "sslfactoryarg", "sslhostnameverifier",
        "rejectunauthorized", "channelbinding", "gssencryption",
    ]

    /// Options by which other clients choose the schema of the tables.
    private static let schema: Set<String> = ["schema", "currentschema", "search_path"]

    /// The warning for an ignored option.
    static func warning(of name: String) -> String {
        let cause = "the option \(name) is not libpq's and is left out"
        guard schema.contains(name.lowercased()) else { return cause }
        return cause + "; a schema is chosen by options=-csearch_path%3DNAME"
    }

    /// - Returns: nil unless it is a TLS option.
    static func refusal(ofSecurityOption name: String) -> DatabaseURLError? {
        guard security.contains(name.lowercased()) else { return nil }
        return DatabaseURLError(
            .otherClientsOption, option: name,
            "its option \(name) is another client's, and leaving it out would change how safe the connection is; "
                + "write sslmode=require, or sslmode=verify-full&sslrootcert=\(systemRoots)")
    }

    static func refusal(ofUnknown name: String) -> DatabaseURLError {
        DatabaseURLError(
            .unknownOption, option: name, "libpq \(majorVersion) does not know its option \(name); take it out")
    }

    /// - Parameter position: from 1; for an option whose name may be a part of a password.
    static func refusal(ofUnknownAt position: Int) -> DatabaseURLError {
        DatabaseURLError(
            .unknownOption,
            "libpq \(majorVersion) does not know its option number \(position); take it out, or, if it is "
                + "a part of the password, write \"%\", \"@\", \"/\", \"?\", \"&\" and \"=\" in that as % escapes")
    }

    // MARK: - Values

    /// The only values that libpq accepts for these options.
    private static let words: [String: [String]] = [
        "sslmode": ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"],
        "channel_binding": ["disable", "prefer", "require"], "gssencmode": ["disable", "prefer", "require"],
        "target_session_attrs": ["any", "read-write", "read-only", "primary", "standby", "prefer-standby"],
        "sslcompression": ["0", "1"], "sslsni": ["0", "1"], "gssdelegation": ["0", "1"],
        "sslcertmode": ["disable", "allow", "require"], "sslnegotiation": ["postgres", "direct"],
        "load_balance_hosts": ["disable", "random"],
    ]
    private static let protocolVersions = ["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"]
    private static let numbers: Set<String> = [
        "connect_timeout", "keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count",
        "tcp_user_timeout",
    ]

    /// Whether libpq refuses an empty value of this option, instead of treating it as no value.
    static func hasWords(_ name: String) -> Bool { words[name] != nil }

    /// - Throws: for a value with which libpq would refuse every connection.
    static func check(_ values: [String: String]) throws(DatabaseURLError) {
        // Sorted, so that the same URL is always refused for the same reason.
        for (name, value) in values.sorted(by: { $0.key < $1.key }) { try check(name, value) }
        guard values["sslrootcert"] == "system" else { return }
        if majorVersion < 16 {
            throw DatabaseURLError(
                .systemRoots, option: "sslrootcert",
                "libpq \(majorVersion) takes its sslrootcert=system for the name of a file; "
                    + "write sslmode=verify-full&sslrootcert=\(systemRoots)")
        }
        // With it, libpq's default is verify-full.
        if let mode = values["sslmode"], mode != "verify-full" {
            throw DatabaseURLError(
                .systemRoots, option: "sslmode",
                "libpq takes its sslrootcert=system with sslmode=verify-full only; write that, or take sslrootcert out")
        }
    }

    private static func check(_ name: String, _ value: String) throws(DatabaseURLError) {
        if let accepted = words[name], !accepted.contains(value) {
            let list = accepted.joined(separator: ", ")
            // node-postgres calls this mode no-verify. libpq's name for it is shorter than an explanation.
            let hint = value == "no-verify" ? "; what other clients call no-verify is require" : ""
            throw .value(of: name, accepted: list + hint)
        }
        if ["ssl_min_protocol_version", "ssl_max_protocol_version"].contains(name), !value.isEmpty,
            !protocolVersions.contains(where: { $0.lowercased() == value.lowercased() })
        {
            throw .value(of: name, accepted: protocolVersions.joined(separator: ", "))
        }
        if numbers.contains(name), Int32(value) == nil {
            throw .value(of: name, accepted: name == "keepalives" ? "0 or 1" : "a whole number")
        }
    }
}
