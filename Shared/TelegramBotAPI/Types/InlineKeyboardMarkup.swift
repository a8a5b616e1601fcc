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
