import Contracts

/// The checks that Telegram makes on `reply_markup`.
enum InlineKeyboard {
    static let buttonsMax = 100
    static let callbackDataBytesMax = 64

    /// The rows of the `inline_keyboard` in `parameters`; nil if there is no inline keyboard.
    ///
    /// Other kinds of markup (`force_reply`, `remove_keyboard`, `keyboard`) are accepted and have no rows.
    static func parse(_ parameters: CallParameters) throws(APIError) -> [[BotMessage.Button]]? {
        guard
            let markup = try parameters.structured(
                "reply_markup", orFail: "can't parse reply keyboard markup JSON object")
        else { return nil }
        guard let members = markup.objectValue else { throw .badRequest("object expected as reply markup") }
        guard let rows = members["inline_keyboard"] else { return nil }
        guard let rows = rows.arrayValue else {
            throw .badRequest("field \"inline_keyboard\" of the InlineKeyboardMarkup must be an Array")
        }
        var keyboard: [[BotMessage.Button]] = []
        for row in rows {
            guard let row = row.arrayValue else {
                throw .badRequest("field \"inline_keyboard\" of the InlineKeyboardMarkup must be an Array of Arrays")
            }
            var buttons: [BotMessage.Button] = []
            for button in row { buttons.append(try parseButton(button)) }
            if !buttons.isEmpty { keyboard.append(buttons) }
        }
        guard keyboard.joined().count <= buttonsMax else { throw .badRequest("reply markup is too long") }
        return keyboard
    }

    static func json(_ keyboard: [[BotMessage.Button]]) -> JSONValue {
        let rows = keyboard.map { row in JSONValue.array(row.map(\.json)) }
        return ["inline_keyboard": .array(rows)]
    }

    private static func parseButton(_ value: JSONValue) throws(APIError) -> BotMessage.Button {
        let prefix = "can't parse inline keyboard button: "
        guard let members = value.objectValue else {
            throw .badRequest(prefix + "InlineKeyboardButton must be an Object")
        }
        guard let label = members["text"] else { throw .badRequest(prefix + "Can't find field \"text\"") }
        guard let label = label.stringValue else {
            throw .badRequest(prefix + "Field \"text\" must be of type String")
        }
        guard label.contains(where: { !$0.isWhitespace }) else {
            throw .badRequest("inline keyboard button text must be non-empty")
        }
        if let url = members["url"]?.stringValue, !url.isEmpty {
            return BotMessage.Button(label: label, callbackData: nil, url: url)
        }
        guard let data = members["callback_data"] else {
            throw .badRequest(prefix + "Text buttons are unallowed in the inline keyboard")
        }
        guard let data = data.stringValue else {
            throw .badRequest(prefix + "Field \"callback_data\" must be of type String")
        }
        guard (1...callbackDataBytesMax).contains(data.utf8.count) else { throw .badRequest("BUTTON_DATA_INVALID") }
        return BotMessage.Button(label: label, callbackData: data, url: nil)
    }
}

extension BotMessage.Button {
    var json: JSONValue {
        if let url { return ["text": .string(label), "url": .string(url)] }
        return ["text": .string(label), "callback_data": callbackData.json]
    }
}
