import Contracts
import Dialogue
import TelegramBotAPI

/// Decides what the gateway does with an update.
struct Router: Sendable {
    enum Route: Sendable, Equatable {
        /// Nothing to do: settled without a reply.
        case ignored
        case turn(Turn)
    }

    var allowedUsers: AllowedUsers
    /// The bot's name; nil until Telegram has told it.
    var botName: String?

    func route(_ update: Update) -> Route {
        switch update.kind {
        case .message(let message): message.from.map { route(message, from: $0, update.id) } ?? .ignored
        case .callbackQuery(let query): route(query, update.id)
        // An edit never counts as a new answer.
        case .editedMessage, .myChatMember, .unknown, .unreadable: .ignored
        }
    }

    // MARK: - Messages

    private func route(_ message: Message, from user: User, _ updateID: Int64) -> Route {
        guard !user.isBot, message.chat.kind != .channel, !message.isAutomaticForward else { return .ignored }
        guard let (request, isOverheard) = request(of: message) else { return .ignored }
        let isPrivate = !message.chat.isGroup
        let lane = LaneKey(userID: user.id, chatID: message.chat.id, topicID: message.topicID)
        guard allowedUsers.admits(user.id, in: message.chat.id) else {
            // In a group, the bot posts nothing for a person who is not let in.
            guard isPrivate else { return .ignored }
            return .turn(
                Turn(updateID: updateID, lane: lane, isGroup: false, messageID: message.id, request: .refusal))
        }
        return .turn(
            Turn(
                updateID: updateID, lane: lane, isGroup: !isPrivate, messageID: message.id, request: request,
                isOverheard: isOverheard, sentAt: message.sentAt))
    }

    /// What a message asks for, and whether it was said into a group rather than to the bot; nil if it asks for
    /// nothing.
    private func request(of message: Message) -> (Turn.Request, isOverheard: Bool)? {
        let isInGroup = message.chat.isGroup
        switch message.contentKind {
        case .service, .migration: return nil
        case .text:
            guard let text = message.text else { return nil }
            guard let command = TypedCommand(text, entities: message.entities) else {
                return (.conversation(Input(typed: withoutOwnName(text))), isInGroup)
            }
            guard isOurs(command) else { return nil }
            let known = FeatureRoutes.request(command)
            return (
                known ?? .conversation(.unknownCommand(text)), isInGroup && known == nil && command.bot == nil
            )
        case .photo:
            guard let largest = message.largestPhoto else { return nil }
            return photo(largest.fileID, message)
        case .document where message.document?.isPhoto == true: return photo(message.document?.fileID ?? "", message)
        case .location, .venue:
            return (message.place.map { .conversation(.place($0.text)) } ?? .conversation(.other(.location)), isInGroup)
        case let kind: return (.conversation(.other(MessageKind(kind))), isInGroup)
        }
    }

    /// A photo with what its caption says. A command in a caption works as a command.
    private func photo(_ fileID: String, _ message: Message) -> (Turn.Request, isOverheard: Bool)? {
        guard let caption = message.caption, caption.contains(where: { !$0.isWhitespace }) else {
            return (.photo(fileID: fileID, caption: nil), false)
        }
        guard let command = TypedCommand(caption, entities: message.entities) else {
            return (.photo(fileID: fileID, caption: Input(typed: withoutOwnName(caption))), false)
        }
        guard isOurs(command) else { return nil }
        switch FeatureRoutes.request(command) {
        case .conversation(.begin(_, let nickname)):
            return (.conversation(.begin(Draft(photoFileID: fileID), nickname: nickname)), false)
        case .conversation(let input): return (.photo(fileID: fileID, caption: input), false)
        case let request?: return (request, false)
        case nil: return (.photo(fileID: fileID, caption: .unknownCommand(caption)), false)
        }
    }

    /// Whether the command is meant for this bot. While the bot's name is unknown, a command with a name may be.
    private func isOurs(_ command: TypedCommand) -> Bool {
        guard let bot = command.bot, let botName else { return true }
        return bot == botName.lowercased()
    }

    /// `text` without the bot's own name at its beginning, by which it is addressed in groups.
    private func withoutOwnName(_ text: String) -> String {
        guard let botName else { return text }
        let name = "@\(botName)"
        guard text.count > name.count, text.prefix(name.count).lowercased() == name.lowercased() else { return text }
        let rest = text.dropFirst(name.count)
        guard rest.first?.isWhitespace == true || rest.first == "," || rest.first == ":" else { return text }
        return String(rest.dropFirst().drop(while: \.isWhitespace))
    }

    // MARK: - Taps

    private func route(_ query: CallbackQuery, _ updateID: Int64) -> Route {
        guard !query.from.isBot else { return .ignored }
        guard let origin = query.message, let data = query.data,
            allowedUsers.admits(query.from.id, in: origin.chat.id)
        else {
            return .turn(
                Turn(
                    updateID: updateID, lane: LaneKey(userID: query.from.id, chatID: query.from.id), isGroup: false,
                    request: .nothing, tap: Turn.Tap(queryID: query.id, messageID: 0)))
        }
        // Only the message's chat and id are certain. What it replies to is used if Telegram shows it.
        let message: Message? = if case .message(let message) = origin { message } else { nil }
        return .turn(
            Turn(
                updateID: updateID,
                lane: LaneKey(userID: query.from.id, chatID: origin.chat.id, topicID: message?.topicID),
                isGroup: origin.chat.isGroup, request: FeatureRoutes.request(tap: data, message),
                tap: Turn.Tap(queryID: query.id, messageID: origin.messageID)))
    }
}

extension Message {
    fileprivate var sentAt: Timestamp? {
        let (milliseconds, isTooLarge) = date.multipliedReportingOverflow(by: 1_000)
        return date > 0 && !isTooLarge ? Timestamp(clamping: milliseconds) : nil
    }
}

extension MessageKind {
    /// A kind of content that is neither text nor photo.
    fileprivate init(_ kind: ContentKind) {
        self =
            switch kind {
            case .voice: .voice
            case .videoNote: .videoNote
            case .document: .file
            case .animation: .animation
            case .sticker: .sticker
            case .video: .video
            case .audio: .audio
            case .contact: .contact
            case .location: .location
            case .venue: .venue
            case .poll: .poll
            case .dice: .dice
            case .text, .photo, .migration, .service, .other: .unknown
            }
    }
}

extension MapPlace {
    /// As it is stored: name and address, or the coordinates and a link to a map.
    fileprivate var text: String {
        let names = [title, address].compactMap { $0 }.filter { !$0.isEmpty }
        if !names.isEmpty { return names.joined(separator: ", ") }
        let point = "\(Self.degrees(latitude)),\(Self.degrees(longitude))"
        return "\(point) https://maps.google.com/?q=\(point)"
    }

    /// With six decimal places at most: a tenth of a metre.
    private static func degrees(_ value: Double) -> String {
        guard value.isFinite, abs(value) <= 360 else { return "0" }
        return "\((value * 1_000_000).rounded() / 1_000_000)"
    }
}
