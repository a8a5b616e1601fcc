/// What a message shows below its text. It carries one of them.
public enum ReplyMarkup: Sendable, Hashable, Encodable {
    case buttons(InlineKeyboardMarkup)
    /// Telegram's apps open a reply to the message for the author of the message to which it replies, and for no other
    /// person.
    case askingForReply

    private enum CodingKeys: String, CodingKey { case forceReply = "force_reply", selective }

    public func encode(to encoder: any Encoder) throws {
        switch self {
        case .buttons(let markup): try markup.encode(to: encoder)
        case .askingForReply:
            var values = encoder.container(keyedBy: CodingKeys.self)
            try values.encode(true, forKey: .forceReply)
            try values.encode(true, forKey: .selective)
        }
    }
}

/// Buttons under a message, in rows.
public struct InlineKeyboardMarkup: Sendable, Hashable, Codable {
    public var rows: [[InlineKeyboardButton]]

    public init(rows: [[InlineKeyboardButton]]) { self.rows = rows }

    private enum CodingKeys: String, CodingKey { case rows = "inline_keyboard" }
}

public struct InlineKeyboardButton: Sendable, Hashable, Codable {
    /// The most bytes that Telegram accepts in `callbackData`. The least is 1.
    public static let callbackDataBytesMax = 64

    public var text: String
    public var callbackData: String

    public init(text: String, callbackData: String) {
        self.text = text
        self.callbackData = callbackData
    }

    private enum CodingKeys: String, CodingKey {
        case text
        case callbackData = "callback_data"
    }
}
