/// The public address of a webhook of ours: what Telegram is told, and the path by which the receiver knows its requests.
public struct WebhookURL: Sendable, Hashable {
    /// What is wrong with a text, which is not told.
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

    /// The whole of it, as it was given.
    public let text: String
    /// From the first slash after the host on; `/` if there is none.
    public let path: String

    /// - Parameter text: as `https://bot.example.org/telegram`, without user, password, query or fragment, and without the bot's token:
    ///   addresses are in the logs of proxies.
    public init(_ text: String) throws(Malformed) {
        do { _ = try BotServerURL(text) } catch { throw .address(error) }
        let scheme = "https://"
        guard text.lowercased().hasPrefix(scheme) else { throw .scheme }
        let path = text.dropFirst(scheme.count).drop { $0 != "/" }
        self.text = text
        self.path = path.isEmpty ? "/" : String(path)
    }

    /// What may be shown of it.
    public var address: WebhookAddress { WebhookAddress(url: text) }
}

extension WebhookURL: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { address.text }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
