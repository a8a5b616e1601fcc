import CLibpq
import Glibc

/// Which database: a libpq connection string, kept whole, and what must be known of it beforehand.
///
/// Printing one, in whatever way, shows hosts and database, never the password.
public struct PostgresTarget: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible,
    CustomReflectable
{
    struct Host: Sendable, Equatable {
        /// A name, an address, or the directory of a Unix socket.
        var name: String
        /// Nil for the default.
        var port: String?

        /// libpq's rule: an absolute path, or `@` for an abstract socket.
        var isUnixSocket: Bool { name.isEmpty || name.hasPrefix("/") || name.hasPrefix("@") }
    }

    private let url: String
    private let secrets: [String]
    private let applicationName: String
    /// libpq goes through all hosts twice then, and must have them together.
    private let prefersStandby: Bool
    private let database: String
    /// As the string gives them; none when that leaves the host to libpq.
    let hosts: [Host]
    /// The string has `hostaddr`: there is nothing to look up.
    let hasAddresses: Bool

    public var description: String {
        let places = hosts.map { $0.name + ($0.port.map { ":" + $0 } ?? "") }.joined(separator: ",")
        return "\(places)/\(database)"
    }
    public var debugDescription: String { description }
    /// Whether what goes to it may leave this machine.
    public var isElsewhere: Bool {
        hosts.contains { !$0.isUnixSocket && $0.name != "localhost" && $0.name != "::1" && !$0.name.hasPrefix("127.") }
    }
    public var customMirror: Mirror { Mirror(self, children: []) }

    /// - Parameters:
    ///   - url: `postgresql://…` or `key=value …`. Every option of libpq's works; those about time-outs of the network
    ///     and the application's name are set when it has none.
    ///   - applicationName: what an operator sees in `pg_stat_activity`.
    /// - Throws: when it is malformed. libpq's own words are not passed on: they quote the string.
    public init(url: String, applicationName: String = "rivet") throws(PostgresError) {
        guard !url.utf8.contains(0), url.contains("=") || url.contains("://"),
            let options = PQconninfoParse(url, nil)
        else { throw .malformed("database URL", "it is malformed") }
        defer { PQconninfoFree(options) }
        var values: [String: String] = [:]
        var option = options
        while let keyword = option.pointee.keyword {
            if let value = option.pointee.val { values[String(cString: keyword)] = String(cString: value) }
            option += 1
        }
        self.url = url
        self.applicationName = applicationName
        secrets = ["password", "sslpassword"].compactMap { values[$0] }.filter { !$0.isEmpty }
        database = values["dbname"] ?? values["user"] ?? ""
        hasAddresses = values["hostaddr"] != nil
        prefersStandby = values["target_session_attrs"] == "prefer-standby"
        hosts = try Self.hosts(values["host"] ?? Self.environment("PGHOST"), values["port"])
        // What stands there when "@" or "/" in a password is not percent-encoded: parts of it.
        guard !hosts.contains(where: { $0.name.dropFirst().contains("@") }),
            values["user"] != nil || !database.contains("@")
        else { throw .malformed("database URL", #"write "@" as %40 and "/" as %2F in user and password"#) }
    }

    private static func hosts(_ hostList: String?, _ portList: String?) throws(PostgresError) -> [Host] {
        guard let hostList else { return [] }
        let names = hostList.split(separator: ",", omittingEmptySubsequences: false)
        let ports = portList?.split(separator: ",", omittingEmptySubsequences: false) ?? []
        guard ports.count <= 1 || ports.count == names.count, ports.allSatisfy({ $0.isEmpty || UInt16($0) != nil })
        else { throw .malformed("database URL", "its ports do not fit its hosts, or are no numbers") }
        return names.enumerated().map { index, name in
            let port = ports.count > 1 ? ports[index] : ports.first
            return Host(name: String(name), port: port.flatMap { $0.isEmpty ? nil : String($0) })
        }
    }

    private static var defaultPort: String { environment("PGPORT") ?? "5432" }
    private static func environment(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

    /// What `PQconnectStartParams` is given, attempt by attempt: one for each address. libpq would go from one to the next
    /// only when the kernel gives up, and the first that is silent would use up all the time.
    ///
    /// - Parameter addresses: those of each of `hosts`; nil leaves finding the server to libpq, in one attempt.
    func attempts(addresses: [[String]]?) -> [[(String, String)]] {
        guard let addresses else { return [parameters(at: [])] }
        // A name with several addresses becomes several hosts.
        let places = zip(hosts, addresses).flatMap { host, addresses in addresses.map { (host, $0) } }
        return prefersStandby ? [parameters(at: places)] : places.map { parameters(at: [$0]) }
    }

    /// Of a keyword that comes twice, libpq takes the last.
    private func parameters(at places: [(host: Host, address: String)]) -> [(String, String)] {
        var parameters = [
            ("keepalives", "1"), ("keepalives_idle", "20"), ("keepalives_interval", "5"), ("keepalives_count", "3"),
            ("tcp_user_timeout", "15000"), ("gssencmode", "disable"), ("application_name", applicationName),
            ("dbname", url), ("client_encoding", "UTF8"),
        ]
        guard !places.isEmpty else { return parameters }
        // The name stays beside the address, for TLS.
        parameters.append(("host", places.map(\.host.name).joined(separator: ",")))
        if places.contains(where: { !$0.address.isEmpty }) {
            parameters.append(("hostaddr", places.map(\.address).joined(separator: ",")))
        }
        // Always, or libpq would have the URL's ports for fewer hosts.
        parameters.append(("port", places.map { $0.host.port ?? Self.defaultPort }.joined(separator: ",")))
        return parameters
    }

    /// `text` without the password, the way libpq has it and the way the URL has it.
    func redacted(_ text: String) -> String { secrets.reduce(text) { $0.replacingOccurrences(of: $1) } }
}

extension String {
    /// With `***` wherever `secret` stands.
    fileprivate func replacingOccurrences(of secret: String) -> String {
        split(separator: secret, omittingEmptySubsequences: false).joined(separator: "***")
    }

    /// The first line of a message of libpq's, shortened.
    var firstLine: String { String((split(whereSeparator: \.isNewline).first ?? "").prefix(400)) }
}
