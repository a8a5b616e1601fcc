import CLibpq
import Glibc

/// A database to connect to: the options of a checked URL, and the facts that are needed before connecting.
///
/// Printed in any way, it shows only hosts, ports and the name of the database. It never shows the user, because a
/// password may be pasted there by mistake, nor any options.
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

    /// The options for libpq, in the order of their names.
    private let options: [Option]
    private let applicationName: String
    /// Whether the URL prefers a standby. If so, libpq goes through all hosts twice, so one attempt must list all of
    /// them.
    private let prefersStandby: Bool
    /// Options of other clients in the URL that were ignored.
    public let ignoredOptions: [String]
    /// The hosts in the string; empty if the string leaves the host to libpq.
    let hosts: [Host]
    /// Whether the string has `hostaddr`, so that no look-up is needed.
    let hasAddresses: Bool
    public let description: String

    private struct Option: Sendable, Equatable {
        var name: String
        var value: String
    }

    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: []) }

    /// Whether data for it may leave this machine.
    public var isElsewhere: Bool {
        hosts.contains { !$0.isUnixSocket && $0.name != "localhost" && $0.name != "::1" && !$0.name.hasPrefix("127.") }
    }

    /// The warnings for ignored options, without secrets.
    public var warnings: [String] { ignoredOptions.map(DatabaseOptions.warning) }

    /// The value of `sslrootcert` for the certificates that the system trusts, with the libpq of this process.
    public static var systemRoots: String { DatabaseOptions.systemRoots }

    /// - Parameters:
    ///   - url: `postgresql://…` or `name=value …`. Options that libpq does not know are refused by name, except those
    ///     of other clients that do not matter here, which are ignored (`ignoredOptions`). Network time-outs and the
    ///     application's name are set if the string has none.
    ///   - applicationName: the name that an operator sees in `pg_stat_activity`.
    /// - Throws: when it is malformed, or has a value that libpq never accepts. Trying again does not help.
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

    /// Whether `name` is a path, or a host name or address.
    private static func isHost(_ name: Substring) -> Bool {
        if name.hasPrefix("/") || name.hasPrefix("@") {
            return name.utf8.dropFirst().allSatisfy { isNameByte($0) || $0 == UInt8(ascii: "/") }
        }
        return name.utf8.allSatisfy { isNameByte($0) || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: "%") }
    }

    /// The name if it looks like the name of a database. Other text may have been pasted there by mistake.
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

    /// The parameters of `PQconnectStartParams` for each attempt: one attempt for each address. libpq would try the
    /// next address only after the kernel gives up, and a silent first address would use up all the time.
    ///
    /// - Parameter addresses: the addresses of each of `hosts`; with nil, libpq finds the server, in one attempt.
    func attempts(addresses: [[String]]?) -> [[(String, String)]] {
        guard let addresses else { return [parameters(at: [])] }
        // A name with several addresses becomes several hosts.
        let places = zip(hosts, addresses).flatMap { host, addresses in addresses.map { (host, $0) } }
        return prefersStandby ? [parameters(at: places)] : places.map { parameters(at: [$0]) }
    }

    /// If a keyword occurs twice, libpq uses the last.
    private func parameters(at places: [(host: Host, address: String)]) -> [(String, String)] {
        var parameters = [
            ("keepalives", "1"), ("keepalives_idle", "20"), ("keepalives_interval", "5"), ("keepalives_count", "3"),
            ("tcp_user_timeout", "15000"), ("gssencmode", "disable"), ("application_name", applicationName),
        ]
        parameters += options.map { ($0.name, $0.value) }
        parameters.append(("client_encoding", "UTF8"))
        guard !places.isEmpty else { return parameters }
        // The name is passed beside the address, because TLS needs it.
        parameters.append(("host", places.map(\.host.name).joined(separator: ",")))
        if places.contains(where: { !$0.address.isEmpty }) {
            parameters.append(("hostaddr", places.map(\.address).joined(separator: ",")))
        }
        // Always set; otherwise libpq would use the URL's list of ports with fewer hosts.
        parameters.append(("port", places.map { $0.host.port ?? Self.defaultPort }.joined(separator: ",")))
        return parameters
    }
}
