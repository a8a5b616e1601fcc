import Contracts

/// The actions of people in their chats. Each returns the ID of the resulting update.
///
/// Unlike Telegram's apps, people here send only text, formatted blocks, one photo, a file, a place, a sticker or a
/// voice message, and a text of any length. Use `inject` for other updates.
extension TelegramSimulator {
    /// Adds a person, or renames one. The private chat with the bot has the person's ID. Unlike in Telegram the bot may
    /// write there at once, without a `/start`.
    @discardableResult
    public func user(
        _ id: Int64, firstName: String? = nil, lastName: String? = nil, username: String? = nil,
        languageCode: String? = "en"
    ) -> Person {
        let user = SimulatedUser(
            id: id, firstName: firstName ?? "User \(id)", lastName: lastName, username: username,
            languageCode: languageCode)
        change { core, _ in core.people.add(user) }
        return Person(simulator: self, id: id, chat: id, thread: nil)
    }

    /// Adds a group that the bot is in. Its ID is negative; one below -1,000,000,000,000 is a supergroup.
    public func group(_ id: Int64, title: String, isForum: Bool = false) {
        precondition(id < 0, "groups have negative ids")
        change { core, _ in core.people.add(SimulatedChat(id: id, title: title, isForum: isForum)) }
    }

    /// `user` writes `text` to the bot, or to the group `chat` and its topic `thread`.
    ///
    /// Unknown people and chats are created.
    @discardableResult
    public func send(
        _ text: String, from user: Int64, chat: Int64? = nil, thread: Int64? = nil, replyTo: Int64? = nil
    ) throws -> Int64 {
        try sendMessage(text, from: user, chat: chat, thread: thread, replyTo: replyTo).updateID
    }

    /// `user` says `text` to the other people in the group `chat`, and not in reply to the bot. In privacy mode the bot
    /// does not get it.
    public func talk(_ text: String, from user: Int64, chat: Int64, thread: Int64? = nil) {
        change { core, now in
            _ = try? core.personSends(
                text, from: user, at: Place(chat: chat, thread: thread), isReplyOpen: false, at: now)
        }
    }

    /// Like `send`, with the ID of the message in addition.
    func sendMessage(
        _ text: String, attachment: [String: JSONValue] = [:], from user: Int64, chat: Int64?, thread: Int64?,
        replyTo: Int64? = nil
    ) throws -> QueuedMessage {
        try change { (core, now) throws(SimulatorError) in
            try core.personSends(
                text, attachment: attachment, from: user, at: Place(chat: chat ?? user, thread: thread),
                replyTo: replyTo, at: now)
        }
    }

    /// `user` sends a photo. The bot can fetch `bytes` by `fileID` with `getFile`.
    @discardableResult
    public func sendPhoto(
        from user: Int64, fileID: String = "photo-1", caption: String = "", bytes: [UInt8] = [], chat: Int64? = nil,
        thread: Int64? = nil
    ) throws -> Int64 {
        let sizes = addPhoto(fileID, bytes: bytes)
        return try sendMessage(caption, attachment: ["photo": sizes], from: user, chat: chat, thread: thread).updateID
    }

    /// Stores a photo's bytes, and returns the sizes that a message lists.
    func addPhoto(_ fileID: String, bytes: [UInt8]) -> JSONValue {
        change { core, _ in
            let path = "photos/file_\(core.files.count).jpg"
            if core.files[fileID] == nil { core.files[fileID] = SimulatedFile(path: path, bytes: bytes) }
            return core.photoSizes(fileID)
        }
    }

    /// `user` sends a sticker.
    @discardableResult
    public func sendSticker(
        from user: Int64, emoji: String = "🔧", chat: Int64? = nil, thread: Int64? = nil
    ) throws -> Int64 {
        let sticker: JSONValue = [
            "file_id": "sticker-1", "file_unique_id": "usticker-1", "type": "regular", "width": 512, "height": 512,
            "is_animated": false, "is_video": false, "emoji": .string(emoji),
        ]
        return try sendMessage("", attachment: ["sticker": sticker], from: user, chat: chat, thread: thread).updateID
    }

    /// `user` sends a voice message.
    @discardableResult
    public func sendVoice(from user: Int64, chat: Int64? = nil, thread: Int64? = nil) throws -> Int64 {
        let voice: JSONValue = [
            "file_id": "voice-1", "file_unique_id": "uvoice-1", "duration": 3, "mime_type": "audio/ogg",
        ]
        return try sendMessage("", attachment: ["voice": voice], from: user, chat: chat, thread: thread).updateID
    }

    /// `user` sends a file: `type` and `name` are what the app says of it, which may be nothing.
    @discardableResult
    public func sendFile(
        from user: Int64, fileID: String, type: String?, name: String?, caption: String = "", chat: Int64? = nil,
        thread: Int64? = nil
    ) throws -> Int64 {
        var document: [String: JSONValue] = ["file_id": .string(fileID), "file_unique_id": .string("u" + fileID)]
        document["mime_type"] = type.map(JSONValue.string)
        document["file_name"] = name.map(JSONValue.string)
        return try sendMessage(
            caption, attachment: ["document": .object(document)], from: user, chat: chat, thread: thread
        ).updateID
    }

    /// `user` sends a point on the map, or a venue if it has a title. Coordinates are spelled as JSON numbers.
    @discardableResult
    public func sendPlace(
        from user: Int64, latitude: String, longitude: String, title: String? = nil, address: String = "",
        chat: Int64? = nil, thread: Int64? = nil
    ) throws -> Int64 {
        let point: JSONValue = ["latitude": .decimal(latitude), "longitude": .decimal(longitude)]
        var attachment = ["location": point]
        if let title {
            attachment["venue"] = ["location": point, "title": .string(title), "address": .string(address)]
        }
        return try sendMessage("", attachment: attachment, from: user, chat: chat, thread: thread).updateID
    }

    /// `user` sends formatted blocks in place of a text: a JSON array of `RichBlock`.
    /// - Throws: `SimulatorError` when it is no JSON.
    @discardableResult
    public func sendRich(from user: Int64, blocks: String, chat: Int64? = nil, thread: Int64? = nil) throws -> Int64 {
        guard let blocks = try? JSONValue(parsing: blocks) else { throw SimulatorError("blocks must be JSON") }
        return try sendMessage(
            "", attachment: ["rich_message": ["blocks": blocks]], from: user, chat: chat, thread: thread
        ).updateID
    }

    /// The author of the message changes its text.
    @discardableResult
    public func edit(message messageID: Int64, to text: String, chat: Int64) throws -> Int64 {
        try change { (core, now) throws(SimulatorError) in
            try core.personEdits(messageID, to: text, in: chat, at: now)
        }
    }

    /// `user` taps the button with this label or callback data: on `message`, or else on the newest message of the chat
    /// that shows one.
    /// - Throws: `SimulatorError` when no such button is shown.
    @discardableResult
    public func tap(
        _ labelOrData: String, by user: Int64, on message: Int64? = nil, chat: Int64? = nil, thread: Int64? = nil
    ) throws -> Int64 {
        try change { (core, now) throws(SimulatorError) in
            try core.personTaps(
                labelOrData, on: message, by: user, at: Place(chat: chat ?? user, thread: thread), at: now)
        }
    }

    /// `user` taps a button with this data that an outdated screen still shows on `message`; the bot may have changed
    /// or deleted it. With `isInaccessible` the bot gets only the ID of the message, as for old ones.
    @discardableResult
    public func tap(
        staleData data: String, by user: Int64, on message: Int64, chat: Int64? = nil, isInaccessible: Bool = false
    ) throws -> Int64 {
        try change { (core, now) throws(SimulatorError) in
            try core.personTapsData(
                data, on: message, by: user, in: chat ?? user, isInaccessible: isInaccessible, at: now)
        }
    }

    /// The person blocks the bot: the bot gets `my_chat_member`, and its messages to the person get 403.
    @discardableResult
    public func block(by user: Int64) -> Int64? {
        change { core, now in core.setBarrier(.blocked, in: user, at: now) }
    }

    /// The person unblocks the bot.
    @discardableResult
    public func unblock(by user: Int64) -> Int64? {
        change { core, now in core.setBarrier(nil, in: user, at: now) }
    }

    /// The person's account is deleted: messages get 403, and no update reports it.
    public func deactivate(_ user: Int64) {
        change { core, now in _ = core.setBarrier(.deactivated, in: user, at: now) }
    }

    /// The group becomes the supergroup `supergroup`: the bot gets the service messages `told` in this order, and
    /// messages to the old ID get 400 with `migrate_to_chat_id`. IDs of messages begin again at 1.
    @discardableResult
    public func migrate(
        group: Int64, to supergroup: Int64, by user: Int64, told: [MigrationNotice] = MigrationNotice.allCases
    ) throws -> [Int64] {
        try change { (core, now) throws(SimulatorError) in
            try core.migrate(group, to: supergroup, by: user, told: told, at: now)
        }
    }
}
