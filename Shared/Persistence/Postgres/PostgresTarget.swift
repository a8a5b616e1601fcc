import CLibpq
import Glibc

/// Which database: the options of a URL that was checked, and what must be known of it beforehand.
///
/// Printing one, in whatever way, shows hosts, ports and the name of the database: what Rivet tells of a target that
/// passed the checks. Never the user, who stands where a password is pasted by mistake, and nothing of the options.
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

    /// For libpq, in the order of their names.
    private let options: [Option]
    private let applicationName: String
    /// libpq goes through all hosts twice then, and must have them together.
    private let prefersStandby: Bool
    /// Options of other clients that the URL has and that were left out.
    public let ignoredOptions: [String]
    /// As the string gives them; none when that leaves the host to libpq.
    let hosts: [Host]
    /// The string has `hostaddr`: there is nothing to look up.
    let hasAddresses: Bool
    public let description: String

    private struct Option: Sendable, Equatable {
        var name: String
        var value: String
    }

    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: []) }

    /// Whether what goes to it may leave this machine.
    public var isElsewhere: Bool {
        hosts.contains { !$0.isUnixSocket && $0.name != "localhost" && $0.name != "::1" && !$0.name.hasPrefix("127.") }
    }

    /// What is to be said of the options that were left out: no secrets.
    public var warnings: [String] { ignoredOptions.map(DatabaseOptions.warning) }

    /// What `sslrootcert` is for the certificates that the system trusts, with the libpq of this process.
    public static var systemRoots: String { DatabaseOptions.systemRoots }

    /// - Parameters:
    ///   - url: `postgresql://…` or `name=value …`. Options that libpq does not know are refused by name, but for those of
    ///     other clients that mean nothing here, which are left out (`ignoredOptions`). Those about time-outs of the
    ///     network and the application's name are set when it has none.
    ///   - applicationName: what an operator sees in `pg_stat_activity`.
    /// - Throws: when it is malformed, or has a value that libpq never takes. Trying again does not help.
    public init(url: String, applicationName: String = "rivet") throws(DatabaseURLError) {
        let string = try ConnectionString(url)
        let values = string.values
        hosts = try Self.hosts(values["host"] ?? Self.environment("PGHOST"), values["port"])
        if let addresses = values["hostaddr"] { try Self.check(addresses, hostCount: hosts.count) }
        options = values.sorted { $0.key < $1.key }.map { Option(name: $0.key, value: $0.value) }
        ignoredOptions = string.ignored
        self.applicationName = applicationName
        hasAddresses = values["hostaddr"] != nil
        prefersStandby = values["target_session_attrs"] == "prefer-standby"
        let places = hosts.map { $0.name + ($0.port.map { ":" + $0 } ?? "") }.joined(separator: ",")
        description = places + "/" + (values["dbname"].flatMap(Self.shownName) ?? "")
    }

    private static func hosts(_ hostList: String?, _ portList: String?) throws(DatabaseURLError) -> [Host] {
        let ports = portList?.split(separator: ",", omittingEmptySubsequences: false) ?? []
        guard ports.allSatisfy({ $0.isEmpty || UInt16($0).map { $0 > 0 } == true }) else { throw .port }
        guard let hostList else { return [] }
        let names = hostList.split(separator: ",", omittingEmptySubsequences: false)
        guard ports.count <= 1 || ports.count == names.count else { throw .hostCount }
        guard names.allSatisfy(isHost) else { throw .host }
        return names.enumerated().map { index, name in
            let port = ports.count > 1 ? ports[index] : ports.first
            return Host(name: String(name), port: port.flatMap { $0.isEmpty ? nil : String($0) })
        }
    }

    /// A path, or a name or address.
    private static func isHost(_ name: Substring) -> Bool {
        if name.hasPrefix("/") || name.hasPrefix("@") {
            return name.utf8.dropFirst().allSatisfy { isNameByte($0) || $0 == UInt8(ascii: "/") }
        }
        return name.utf8.allSatisfy { isNameByte($0) || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: "%") }
    }

    /// A name as databases have it. One with other characters may be something else that was pasted there.
    private static func shownName(_ name: String) -> String? { name.utf8.allSatisfy(isNameByte) ? name : nil }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    private static func check(_ addresses: String, hostCount: Int) throws(DatabaseURLError) {
        let addresses = addresses.split(separator: ",", omittingEmptySubsequences: false)
        guard hostCount == 0 || addresses.count == hostCount else { throw .hostCount }
        guard addresses.allSatisfy({ $0.isEmpty || HostLookup.isNumeric(String($0)) }) else {
            throw .value(of: "hostaddr", accepted: "addresses, comma-separated")
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
        ]
        parameters += options.map { ($0.name, $0.value) }
        parameters.append(("client_encoding", "UTF8"))
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
}
