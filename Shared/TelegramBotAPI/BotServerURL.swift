/// The base URL of a Bot API server: scheme, host, and optionally a port and a path.
///
/// It has no user, password, query or fragment. A Bot API server needs only the token, and a password in a URL would
/// show up in messages.
public struct BotServerURL: Sendable, Hashable {
    /// Telegram's own server.
    public static let telegram = BotServerURL(origin: "https://api.telegram.org", path: "")

    /// Why a text is not accepted. The error does not contain the text.
    public enum Malformed: String, Error, CustomStringConvertible {
        case scheme = "it begins with neither https:// nor http://"
        case userInfo = "a user or password before the host is not accepted"
        case query = "it contains \"?\" or \"#\""
        case character = "it contains a space, a control character or another character that a URL must not contain"
        case host = "it has no host"
        case port = "its port is not a number from 1 to 65535"
        case token = "it contains a token: remove \"/bot\" and everything after it"

        public var description: String { rawValue }
    }

    /// Scheme, host and port. Not a secret.
    private let origin: String
    /// Empty, or a path that begins with a slash and does not end with one.
    private let path: String

    private init(origin: String, path: String) { (self.origin, self.path) = (origin, path) }

    /// - Parameter text: for example `https://api.telegram.org`. Trailing slashes are ignored.
    public init(_ text: String) throws(Malformed) {
        guard text.utf8.allSatisfy({ (0x21...0x7E).contains($0) && !"\"<>\\^`{|}".utf8.contains($0) }) else {
            throw .character
        }
        guard let scheme = ["https://", "http://"].first(where: { text.lowercased().hasPrefix($0) }) else {
            throw .scheme
        }
        let rest = text.dropFirst(scheme.count)
        if rest.contains("@") { throw .userInfo }
        if rest.contains("?") || rest.contains("#") { throw .query }
        let authority = rest.prefix { $0 != "/" }
        try Self.check(authority)
        var path = rest.dropFirst(authority.count)
        while path.last == "/" { path.removeLast() }
        if path.lowercased().contains("/bot"), path.contains(":") { throw .token }
        origin = scheme + authority
        self.path = String(path)
    }

    private static func check(_ authority: Substring) throws(Malformed) {
        var host = authority
        var port: Substring?
        // An IPv6 address has colons too, between brackets.
        let afterBrackets = authority.lastIndex(of: "]").map { authority.index(after: $0) } ?? authority.startIndex
        if let colon = authority[afterBrackets...].firstIndex(of: ":") {
            (host, port) = (authority[..<colon], authority[authority.index(after: colon)...])
        }
        if host.isEmpty { throw .host }
        guard let port else { return }
        guard port.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            (1...65_535).contains(Int(port) ?? 0)
        else { throw .port }
    }

    /// The complete base URL, for requests.
    public var text: String { origin + path }
}

extension BotServerURL: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Without the path, which may be a secret.
    public var description: String { origin }
    public var debugDescription: String { origin }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
