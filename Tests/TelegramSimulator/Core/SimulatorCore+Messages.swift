import Contracts

extension SimulatorCore {
    mutating func sendMessage(_ parameters: CallParameters, at now: Duration) throws(APIError) -> JSONValue {
        let chat = try writableChat(parameters)
        let content = try parseText(
            parameters, "text", lengthMax: Self.textUTF16Max, lengthError: "message is too long")
        guard !(parameters.string("text") ?? "").isEmpty else { throw .badRequest("message text is empty") }
        guard !content.text.isEmpty else { throw .badRequest("text must be non-empty") }
        return try deliver(content, source: parameters.string("text") ?? "", to: chat, parameters, at: now)
    }

    mutating func sendPhoto(_ parameters: CallParameters, at now: Duration) throws(APIError) -> JSONValue {
        let chat = try writableChat(parameters)
        guard let fileID = parameters.string("photo") else { throw .badRequest("there is no photo in the request") }
        guard files[fileID] != nil else { throw .badRequest("wrong file identifier/HTTP URL specified") }
        let caption = try parseText(
            parameters, "caption", lengthMax: Self.captionUTF16Max, lengthError: "message caption is too long")
        return try deliver(
            caption, source: parameters.string("caption") ?? "", to: chat, parameters, photoFileID: fileID, at: now)
    }

    mutating func sendChatAction(_ parameters: CallParameters) throws(APIError) -> JSONValue {
        _ = try writableChat(parameters)
        guard parameters.string("action") != nil else { throw .badRequest("wrong parameter action in request") }
        return true
    }

    mutating func editMessageText(_ parameters: CallParameters, at now: Duration) throws(APIError) -> JSONValue {
        var message = try ownMessage(parameters)
        let content = try parseText(
            parameters, "text", lengthMax: Self.textUTF16Max, lengthError: "message is too long")
        guard !content.text.isEmpty else { throw .badRequest("message text is empty") }
        guard message.photoFileID == nil else { throw .badRequest("there is no text in the message to edit") }
        // An edit without markup removes the buttons.
        let keyboard = try InlineKeyboard.parse(parameters) ?? []
        guard content != message.content || keyboard != message.keyboard else { throw .notModified }
        message.content = content
        message.source = parameters.string("text") ?? ""
        return try replace(&message, keyboard: keyboard, at: now)
    }

    mutating func editMessageReplyMarkup(_ parameters: CallParameters, at now: Duration) throws(APIError) -> JSONValue {
        var message = try ownMessage(parameters)
        let keyboard = try InlineKeyboard.parse(parameters) ?? []
        guard keyboard != message.keyboard else { throw .notModified }
        return try replace(&message, keyboard: keyboard, at: now)
    }

    mutating func deleteMessage(_ parameters: CallParameters) throws(APIError) -> JSONValue {
        let chat = try writableChat(parameters)
        guard let id = parameters.integer("message_id"), messages.remove(id, in: chat.id) else {
            throw .badRequest("message to delete not found")
        }
        return true
    }

    /// `message` as the Bot API shows it, with the message to which it replies, one level deep.
    func json(of message: StoredMessage, depth: Int = 0) -> JSONValue {
        var members = message.attachment
        members["message_id"] = .integer(message.id)
        members["date"] = .integer(message.sentAtSeconds)
        members["chat"] = people.json(ofChat: message.chat)
        members["from"] = message.sender.flatMap { people.users[$0]?.json } ?? botUser
        if let thread = message.thread {
            members["message_thread_id"] = .integer(thread)
            members["is_topic_message"] = true
        }
        if !message.content.text.isEmpty {
            let name = message.attachment.isEmpty ? ("text", "entities") : ("caption", "caption_entities")
            members[name.0] = .string(message.content.text)
            if !message.content.entities.isEmpty { members[name.1] = .array(message.content.entities.map(\.json)) }
        }
        if !message.keyboard.isEmpty { members["reply_markup"] = InlineKeyboard.json(message.keyboard) }
        if let edited = message.editedAtSeconds { members["edit_date"] = .integer(edited) }
        if depth == 0, let answered = message.replyTo.flatMap({ messages[message.chat, $0] }) {
            members["reply_to_message"] = json(of: answered, depth: 1)
        }
        return .object(members)
    }

    private mutating func deliver(
        _ content: FormattedText, source: String, to chat: SimulatedChat, _ parameters: CallParameters,
        photoFileID: String? = nil, at now: Duration
    ) throws(APIError) -> JSONValue {
        let keyboard = try InlineKeyboard.parse(parameters) ?? []
        let replyTo = try parseReply(parameters, in: chat.id)
        let forcedReply = try ForcedReply.parse(parameters)
        if let retryAfterSeconds = rateLimiter?.admit(chat: chat.id, at: now) {
            statistics.rateLimited += 1
            throw .tooManyRequests(retryAfterSeconds: retryAfterSeconds)
        }
        let message = StoredMessage(
            id: messages.nextID(in: chat.id), chat: chat.id, thread: parameters.integer("message_thread_id"),
            sender: nil, sentAtSeconds: now.components.seconds, content: content, source: source,
            keyboard: keyboard, photoFileID: photoFileID,
            attachment: photoFileID.map { ["photo": photoSizes($0)] } ?? [:], replyTo: replyTo,
            forcedReply: forcedReply)
        messages.add(message)
        return json(of: message)
    }

    private mutating func replace(
        _ message: inout StoredMessage, keyboard: [[BotMessage.Button]], at now: Duration
    ) throws(APIError) -> JSONValue {
        if let retryAfterSeconds = rateLimiter?.admit(chat: message.chat, at: now) {
            statistics.rateLimited += 1
            throw .tooManyRequests(retryAfterSeconds: retryAfterSeconds)
        }
        message.keyboard = keyboard
        message.editedAtSeconds = now.components.seconds
        messages.replace(message)
        return json(of: message)
    }

    private func writableChat(_ parameters: CallParameters) throws(APIError) -> SimulatedChat {
        guard let text = parameters.string("chat_id"), !text.isEmpty else { throw .badRequest("chat_id is empty") }
        guard let id = Int64(text), let chat = people.chats[id] else { throw .badRequest("chat not found") }
        if let barrier = chat.barrier { throw barrier.error }
        return chat
    }

    private func ownMessage(_ parameters: CallParameters) throws(APIError) -> StoredMessage {
        let chat = try writableChat(parameters)
        guard let id = parameters.integer("message_id") else {
            throw .badRequest("message identifier is not specified")
        }
        guard let message = messages[chat.id, id] else { throw .badRequest("message to edit not found") }
        guard message.sender == nil else { throw .badRequest("message can't be edited") }
        return message
    }

    private func parseText(
        _ parameters: CallParameters, _ name: String, lengthMax: Int, lengthError: String
    ) throws(APIError) -> FormattedText {
        let source = parameters.string(name) ?? ""
        let content: FormattedText
        switch parameters.string("parse_mode")?.lowercased() {
        case nil, "": content = FormattedText(text: source, entities: try parseEntities(parameters, name))
        case "html": content = try TelegramHTML.parse(source)
        default: throw .badRequest("unsupported parse_mode")
        }
        let trimmed = content.trimmed
        guard trimmed.lengthUTF16 <= lengthMax else { throw .badRequest(lengthError) }
        return trimmed
    }

    private func parseEntities(_ parameters: CallParameters, _ name: String) throws(APIError) -> [BotMessage.Entity] {
        let member = name == "text" ? "entities" : "caption_entities"
        let failure = "can't parse entities: Expected an Array of MessageEntity"
        guard let value = try parameters.structured(member, orFail: failure) else { return [] }
        guard let list = value.arrayValue else { throw .badRequest(failure) }
        var entities: [BotMessage.Entity] = []
        for entity in list {
            guard let kind = entity["type"]?.stringValue, let offset = entity["offset"]?.integerValue,
                let length = entity["length"]?.integerValue
            else { throw .badRequest("can't parse MessageEntity: Can't find field") }
            entities.append(
                BotMessage.Entity(
                    kind: kind, offset: Int(offset), length: Int(length), url: entity["url"]?.stringValue,
                    language: entity["language"]?.stringValue))
        }
        return entities
    }

    private func parseReply(_ parameters: CallParameters, in chat: Int64) throws(APIError) -> Int64? {
        let reply = try parameters.structured("reply_parameters", orFail: "can't parse reply parameters JSON object")
        var id = parameters.integer("reply_to_message_id")
        var isOptional = parameters.bool("allow_sending_without_reply")
        if let reply {
            guard let given = reply["message_id"]?.integerValue else {
                throw .badRequest("can't parse reply parameters: Can't find field \"message_id\"")
            }
            id = given
            isOptional = isOptional || reply["allow_sending_without_reply"]?.boolValue == true
        }
        guard let id else { return nil }
        if messages[chat, id] != nil { return id }
        guard isOptional else { throw .badRequest("message to be replied not found") }
        return nil
    }
}
