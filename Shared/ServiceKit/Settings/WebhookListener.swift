/// Where the webhook's receiver listens for the reverse proxy: at a file, or on the loopback network.
public enum WebhookListener: Sendable, Equatable {
    /// A Unix socket.
    case path(String)
    /// An address of the loopback network, and a port.
    case loopback(host: String, port: Int)

    /// Why a text is not accepted. The error does not contain the text.
    public enum Malformed: String, Error, CustomStringConvertible {
        case form = "it is neither a path with a \"/\" nor an address with a port"
        case path = "a path must not contain \":\" or control characters"
        case port = "its port is not a number from 1 to 65535"
        case notLoopback =
            "its address is not on this machine's loopback network: other hosts must use a reverse proxy with TLS"

        public var description: String { rawValue }
    }

    public static let accepted =
        "the path of a Unix socket, or a loopback address with a port: 127.0.0.1:8080, [::1]:8080"

    /// - Parameter text: `/run/rivet/webhook.sock`, `127.0.0.1:8080`, `[::1]:8080` or `localhost:8080`.
    public init(_ text: String) throws(Malformed) {
        if text.contains("/") {
            let isPlain = text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F && $0 != ":" }
            guard isPlain else { throw .path }
            self = .path(text)
            return
        }
        guard let colon = text.lastIndex(of: ":") else { throw .form }
        let (host, digits) = (text[..<colon], text[text.index(after: colon)...])
        guard !host.isEmpty else { throw .notLoopback }
        guard !digits.isEmpty, digits.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            let port = Int(digits), (1...65_535).contains(port)
        else { throw .port }
        switch host {
        case "localhost": self = .loopback(host: "127.0.0.1", port: port)
        case "[::1]": self = .loopback(host: "::1", port: port)
        default:
            guard Self.isLoopback(host) else { throw .notLoopback }
            self = .loopback(host: String(host), port: port)
        }
    }

    /// Whether the host is an address of 127.0.0.0/8, in the usual form of four numbers.
    private static func isLoopback(_ host: Substring) -> Bool {
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts.first == "127"
            && parts.allSatisfy { part in
                !part.isEmpty && part.utf8.count <= 3 && part.utf8.allSatisfy { (0x30...0x39).contains($0) }
                    && UInt8(part) != nil
            }
    }
}
