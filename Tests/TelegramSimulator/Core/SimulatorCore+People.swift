import Contracts

/// An action that a test or a person requested cannot be carried out.
public struct SimulatorError: Error, Equatable, CustomStringConvertible {
    /// The reason, in a sentence; safe to show.
    public let description: String

    init(_ description: String) { self.description = description }
}

/// The update that a person's action caused.
struct QueuedMessage: Sendable, Equatable {
    let updateID: Int64
    let messageID: Int64
}

/// A service message about a group that became a supergroup.
public enum MigrationNotice: Sendable, CaseIterable {
    case inGroup, inSupergroup
}

/// The place where a person writes: a chat, and perhaps a topic of it.
struct Place: Sendable, Hashable {
    let chat: Int64
    var thread: Int64?
}

extension SimulatorCore {
    /// `user` writes at `place`: text, or `attachment` with `text` as its caption. Like an app, this replies to the
    /// bot's message that asks this person for a reply, unless `replyTo` names another one.
    /// - Parameter isReplyOpen: false for a person who has closed that reply.
    /// - Throws: if the bot does not get the message, because it is in privacy mode; the message is in the chat then.
    mutating func personSends(
        _ text: String, attachment: [String: JSONValue] = [:], from user: Int64, at place: Place,
        replyTo: Int64? = nil, isReplyOpen: Bool = true, at now: Duration
    ) throws(SimulatorError) -> QueuedMessage {
        _ = people.user(user)
        if case .migrated? = people.chat(place.chat).barrier {
            throw SimulatorError("\(place.chat) is a supergroup now: the group that it was takes no messages")
        }
        let replyTo = replyTo ?? (place.chat < 0 && isReplyOpen ? prompt(for: user, at: place) : nil)
        let message = StoredMessage(
            id: messages.nextID(in: place.chat), chat: place.chat, thread: place.thread, sender: user,
            sentAtSeconds: now.components.seconds, content: .typed(text), source: text, keyboard: [],
            photoFileID: nil, attachment: attachment, replyTo: replyTo)
        messages.add(message)
        guard !isInPrivacyMode || isShownInPrivacyMode(message) else {
            throw SimulatorError("privacy mode: the bot does not get this message of \(user) in \(place.chat)")
        }
        return QueuedMessage(updateID: try queue("message", json(of: message), at: now), messageID: message.id)
    }

    /// `user` changes the text of an earlier message of a person.
    mutating func personEdits(
        _ messageID: Int64, to text: String, in chat: Int64, at now: Duration
    ) throws(SimulatorError) -> Int64 {
        guard var message = messages[chat, messageID], message.sender != nil else {
            throw SimulatorError("no message \(messageID) of a person in chat \(chat)")
        }
        message.content = .typed(text)
        message.source = text
        message.editedAtSeconds = now.components.seconds
        messages.replace(message)
        return try queue("edited_message", json(of: message), at: now)
    }

    /// `user` taps the button with this label or data, on `messageID` or on the newest message that shows one.
    mutating func personTaps(
        _ labelOrData: String, on messageID: Int64?, by user: Int64, at place: Place, at now: Duration
    ) throws(SimulatorError) -> Int64 {
        let message: StoredMessage?
        if let messageID {
            message = messages[place.chat, messageID]
        } else {
            message = messages.newestWithButton(labelOrData, in: place.chat, thread: place.thread)
        }
        guard let message, let button = message.asBotMessage(isEdit: false).button(labelOrData) else {
            let shown = messages.spoken(in: place.chat).last?.labels ?? []
            throw SimulatorError("no button “\(labelOrData)” in chat \(place.chat); the last message shows \(shown)")
        }
        guard let data = button.callbackData else { throw SimulatorError("“\(labelOrData)” is a link") }
        return try personTapsData(data, on: message.id, by: user, in: place.chat, at: now)
    }

    /// `user` taps a button with `data` on `messageID`. The button need not be there any more: a screen may be
    /// outdated. Of a message that is deleted or `isInaccessible`, the bot gets only the ID.
    mutating func personTapsData(
        _ data: String, on messageID: Int64, by user: Int64, in chat: Int64, isInaccessible: Bool = false,
        at now: Duration
    ) throws(SimulatorError) -> Int64 {
        let person = people.user(user)
        let query = callbacks.tapped(data, by: user, at: now)
        let shown: JSONValue
        if !isInaccessible, let message = messages[chat, messageID] {
            shown = json(of: message)
        } else {
            shown = ["chat": people.json(ofChat: chat), "message_id": .integer(messageID), "date": 0]
        }
        let body: JSONValue = [
            "id": .string(query), "from": person.json, "message": shown, "data": .string(data),
            "chat_instance": .string(String(chat &* 7919)),
        ]
        return try queue("callback_query", body, at: now)
    }

    /// Sets or lifts the barrier that keeps the bot from writing to `chat`, and sends the bot `my_chat_member`.
    mutating func setBarrier(_ barrier: SimulatedChat.Barrier?, in chat: Int64, at now: Duration) -> Int64? {
        let wasOut = people.chat(chat).barrier != nil
        people.setBarrier(barrier, in: chat)
        guard barrier != .deactivated, wasOut != (barrier != nil) else { return nil }
        let bot = botUser
        let member = { (isOut: Bool) -> JSONValue in
            ["user": bot, "status": isOut ? "kicked" : "member", "until_date": 0]
        }
        let from = people.users[chat]?.json ?? botUser
        let body: JSONValue = [
            "chat": people.json(ofChat: chat), "from": from, "date": .integer(now.components.seconds),
            "old_chat_member": member(wasOut), "new_chat_member": member(barrier != nil),
        ]
        return enqueue("my_chat_member", body, at: now)
    }

    /// A group becomes a supergroup with another ID: the bot gets the service messages `told`, in this order. Both
    /// messages are in their chats, whether the bot gets them or not.
    mutating func migrate(
        _ chat: Int64, to supergroup: Int64, by user: Int64, told: [MigrationNotice] = MigrationNotice.allCases,
        at now: Duration
    ) throws(SimulatorError) -> [Int64] {
        var new = SimulatedChat(id: supergroup)
        new.title = people.chat(chat).title
        people.add(new)
        let notices = MigrationNotice.allCases.map { notice in
            let (place, attachment) =
                switch notice {
                case .inGroup: (chat, ["migrate_to_chat_id": JSONValue.integer(supergroup)])
                case .inSupergroup: (supergroup, ["migrate_from_chat_id": JSONValue.integer(chat)])
                }
            let message = StoredMessage(
                id: messages.nextID(in: place), chat: place, thread: nil, sender: people.user(user).id,
                sentAtSeconds: now.components.seconds, content: .typed(""), source: "", keyboard: [],
                photoFileID: nil, attachment: attachment, replyTo: nil)
            messages.add(message)
            return (notice, message)
        }
        people.setBarrier(.migrated(to: supergroup), in: chat)
        var updates: [Int64] = []
        for (_, message) in told.compactMap({ notice in notices.first { $0.0 == notice } }) {
            updates.append(try queue("message", json(of: message), at: now))
        }
        return updates
    }

    private mutating func queue(_ kind: String, _ body: JSONValue, at now: Duration) throws(SimulatorError) -> Int64 {
        guard let id = enqueue(kind, body, at: now) else {
            throw SimulatorError("the bot's allowed_updates leave out \(kind)")
        }
        return id
    }
}
