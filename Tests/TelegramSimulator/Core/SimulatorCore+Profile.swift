import Contracts

/// A command in the menu of the bot.
public struct MenuCommand: Sendable, Equatable {
    /// The name without the slash.
    public let command: String
    public let description: String

    var json: JSONValue { ["command": .string(command), "description": .string(description)] }
}

/// A file that the bot can fetch.
struct SimulatedFile: Sendable {
    let path: String
    let bytes: [UInt8]
}

extension SimulatorCore {
    var botUser: JSONValue {
        [
            "id": .integer(botID), "is_bot": true, "first_name": "Rivet", "username": .string(botUsername),
            "can_join_groups": true, "can_read_all_group_messages": .bool(!isInPrivacyMode),
            "supports_inline_queries": false,
        ]
    }

    mutating func answerCallbackQuery(_ parameters: CallParameters, at now: Duration) throws(APIError) -> JSONValue {
        let text = parameters.string("text")
        guard (text ?? "").count <= 200 else { throw .badRequest("MESSAGE_TOO_LONG") }
        let isInTime = callbacks.answer(
            parameters.string("callback_query_id") ?? "", text: text, showsAlert: parameters.bool("show_alert"),
            at: now, within: Self.callbackAnswerMax)
        guard isInTime else { throw .queryTooOld }
        return true
    }

    mutating func setMyCommands(_ parameters: CallParameters) throws(APIError) -> JSONValue {
        let failure = "can't parse commands JSON object"
        guard let list = try parameters.structured("commands", orFail: failure)?.arrayValue, list.count <= 100 else {
            throw .badRequest(failure)
        }
        var parsed: [MenuCommand] = []
        for item in list {
            guard let name = item["command"]?.stringValue, let description = item["description"]?.stringValue else {
                throw .badRequest("can't parse BotCommand: Can't find field")
            }
            let isValid = name.allSatisfy { $0.isASCII && ($0.isLowercase || $0.isNumber || $0 == "_") }
            guard isValid, (1...32).contains(name.count) else { throw .badRequest("BOT_COMMAND_INVALID") }
            guard (1...256).contains(description.utf16.count) else {
                throw .badRequest("BOT_COMMAND_DESCRIPTION_INVALID")
            }
            parsed.append(MenuCommand(command: name, description: description))
        }
        // Menus of other scopes and languages are accepted, and not stored.
        if parameters["scope"] == nil, parameters["language_code"] == nil { commands = parsed }
        return true
    }

    func getFile(_ parameters: CallParameters) throws(APIError) -> JSONValue {
        guard let id = parameters.string("file_id"), let file = files[id] else { throw .badRequest("invalid file_id") }
        return [
            "file_id": .string(id), "file_unique_id": .string("u" + id), "file_size": .integer(Int64(file.bytes.count)),
            "file_path": .string(file.path),
        ]
    }

    /// The sizes in which Telegram offers a photo. The last one is the largest and has the ID `fileID`.
    /// Telegram chooses the sizes by the photo's dimensions; here they are always the same two.
    func photoSizes(_ fileID: String) -> JSONValue {
        let size = { (id: String, width: Int64, height: Int64) -> JSONValue in
            [
                "file_id": .string(id), "file_unique_id": .string("u" + id), "width": .integer(width),
                "height": .integer(height),
            ]
        }
        return [size("small-" + fileID, 90, 67), size(fileID, 1280, 960)]
    }
}
