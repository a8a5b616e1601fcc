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
        guard !user.isBot, message.chat.kind != .channel else { return .ignored }
        let isPrivate = !message.chat.isGroup
        var isOverheard = !isPrivate
        let request: Turn.Request
        switch message.contentKind {
        case .service, .migration: return .ignored
        case .text:
            guard let text = message.text else { return .ignored }
            if let command = TypedCommand(text) {
                if let bot = command.bot, let botName, bot != botName.lowercased() { return .ignored }
                let known = FeatureRoutes.request(command)
                isOverheard = isOverheard && known == nil && command.bot == nil
                request = known ?? .conversation(.unknownCommand)
            } else {
                request = .conversation(Input(typed: text))
            }
        case .photo:
            guard let largest = message.largestPhoto else { return .ignored }
            request = .photo(fileID: largest.fileID)
            isOverheard = false
        case .document where message.document?.mimeType?.hasPrefix("image/") == true:
            request = .photo(fileID: message.document?.fileID ?? "")
            isOverheard = false
        case let kind: request = .conversation(.other(MessageKind(kind)))
        }
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
