/// The public address of the bot's webhook: the URL for Telegram, and the path by which the receiver recognizes
/// requests.
public struct WebhookURL: Sendable, Hashable {
    /// Why a text is not accepted. The error does not contain the text.
    public enum Malformed: Error, Equatable, CustomStringConvertible {
        case scheme
        case address(BotServerURL.Malformed)

        public var description: String {
            switch self {
            case .scheme: "it does not begin with https://"
            case .address(let malformed): malformed.description
            }
        }
    }

    public static let accepted = "the public address of the webhook, https://bot.example.org/telegram"

    /// The complete URL, as it was given.
    public let text: String
    /// The path, from the first slash after the host; `/` if there is none.
    public let path: String

    /// - Parameter text: for example `https://bot.example.org/telegram`, without user, password, query or fragment. It
    ///   must not contain the bot's token, since proxies log addresses.
    public init(_ text: String) throws(Malformed) {
        do { _ = try BotServerURL(text) } catch { throw .address(error) }
        let scheme = "https://"
        guard text.lowercased().hasPrefix(scheme) else { throw .scheme }
        let path = text.dropFirst(scheme.count).drop { $0 != "/" }
        self.text = text
        self.path = path.isEmpty ? "/" : String(path)
    }

    /// The part that may be shown.
    public var address: WebhookAddress { WebhookAddress(url: text) }
}

extension WebhookURL: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { address.text }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
