/// The part of a webhook's address that may be shown: scheme, host and port. Many bots, also other programs', have
/// their token in the path.
public struct WebhookAddress: Sendable, Hashable, CustomStringConvertible {
    /// For example `https://bot.example.org/…`.
    public let text: String

    public init(url: String) {
        let scheme = ["https://", "http://"].first { url.lowercased().hasPrefix($0) } ?? ""
        let rest = url.dropFirst(scheme.count)
        let authority = rest.prefix { !"/?#\\".contains($0) }
        let host = authority.split(separator: "@", omittingEmptySubsequences: false).last ?? ""
        let isPlain = !host.isEmpty && host.utf8.count <= 260 && host.utf8.allSatisfy(Self.isOfHost)
        text = scheme + (isPlain ? String(host) : "?") + (authority.endIndex == rest.endIndex ? "" : "/…")
    }

    private static func isOfHost(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"):
            true
        default: "-._:[]".utf8.contains(byte)
        }
    }

    public var description: String { text }
}
