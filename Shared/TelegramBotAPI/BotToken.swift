/// The bot's token, a secret. No description, mirror or dump of this type shows it.
public struct BotToken: Sendable, Hashable {
    private let value: String

    /// - Parameter text: the token from @BotFather: digits, a colon, then letters, digits, `_` or `-`.
    /// - Throws: for any other text. The error contains no part of the text.
    public init(_ text: String) throws(MalformedBotToken) {
        let parts = text.utf8.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        guard parts.count == 2, let id = parts.first, let secret = parts.last, !id.isEmpty, !secret.isEmpty,
            id.allSatisfy(Self.isDigit), secret.allSatisfy(Self.isSecretByte)
        else { throw MalformedBotToken(text) }
        value = text
    }

    /// The bot's id: the digits before the colon (Bot API, "Authorizing your bot"). Nil if they exceed 64 bits.
    public var botID: Int64? { Int64(value.prefix { $0 != ":" }) }

    /// The token for a URL's path. It needs no escaping.
    var pathSegment: String { value }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    private static func isSecretByte(_ byte: UInt8) -> Bool {
        isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
            || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
    }
}

extension BotToken: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "<token>" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
