/// The base URL of a Bot API server: scheme, host, maybe a port and a path.
///
/// It has no user, password, query or fragment: the token is what a Bot API server asks for, and a password in a URL ends up
/// in messages.
public struct BotServerURL: Sendable, Hashable {
    /// Telegram's own.
    public static let telegram = BotServerURL(origin: "https://api.telegram.org", path: "")

    /// What is wrong with a text, which is not told.
    public enum Malformed: String, Error, CustomStringConvertible {
        case scheme = "it begins with neither https:// nor http://"
        case userInfo = "a user or password before the host is not accepted"
        case query = "it has a \"?\" or \"#\" in it"
        case character = "it has a blank, a control character or another one that belongs into no URL in it"
        case host = "it has no host"
        case port = "its port is no number from 1 to 65535"
        case token = "it has a token in it: leave out \"/bot\" and what follows"

        public var description: String { rawValue }
    }

    /// Scheme, host and port: no secret.
    private let origin: String
    /// Empty, or with a slash before it and none at its end.
    private let path: String

    private init(origin: String, path: String) { (self.origin, self.path) = (origin, path) }

    /// - Parameter text: as `https://api.telegram.org`; slashes at its end do not matter.
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
        // The colons of an address of IPv6 stand between brackets.
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

    /// The whole of it, to call.
    public var text: String { origin + path }
}

extension BotServerURL: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Without the path, which may be one that only its owner should know.
    public var description: String { origin }
    public var debugDescription: String { origin }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
