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
    var groups = GroupIDs()
    /// The bot's name; nil until Telegram has told it.
    var botName: String?
    /// The bot's id, by which a reply to one of its messages is recognized.
    var botID: Int64?

    func route(_ update: Update) -> Route {
        switch update.kind {
        case .message(let message): message.from.map { route(message, from: $0, update.id) } ?? .ignored
        case .callbackQuery(let query): route(query, update.id)
        // An edit never counts as a new answer.
        case .editedMessage, .myChatMember, .unknown, .unreadable: .ignored
        }
    }

    /// A group may be listed by either of its ids.
    private func admits(_ user: User, in chatID: Int64) -> Bool {
        [chatID, groups.first(of: chatID)].contains { allowedUsers.admits(user.id, in: $0) }
    }

    /// A supergroup's lanes are those of the group that it was.
    private func lane(of user: User, in chatID: Int64, topicID: Int64?) -> LaneKey {
        LaneKey(userID: user.id, chatID: groups.first(of: chatID), topicID: topicID)
    }

    /// `chatID`, if it is the supergroup that a group became.
    private func supergroup(_ chatID: Int64) -> Int64? { groups.first(of: chatID) == chatID ? nil : chatID }

    // MARK: - Messages

    private func route(_ message: Message, from user: User, _ updateID: Int64) -> Route {
        guard message.chat.kind != .channel, !message.isAutomaticForward else { return .ignored }
        if message.senderChat != nil { return routeAnonymous(message, from: user, updateID) }
        guard !user.isBot else { return .ignored }
        guard let (request, isOverheard) = request(of: message) else { return .ignored }
        let isPrivate = !message.chat.isGroup
        let lane = lane(of: user, in: message.chat.id, topicID: message.topicID)
        guard admits(user, in: message.chat.id) else {
            // In a group, the bot posts nothing for a person who is not let in.
            guard isPrivate else { return .ignored }
            return .turn(
                Turn(updateID: updateID, lane: lane, isGroup: false, messageID: message.id, request: .refusal))
        }
        return .turn(
            Turn(
                updateID: updateID, lane: lane, supergroupID: supergroup(message.chat.id), isGroup: !isPrivate,
                messageID: message.id, request: request,
                photoFileID: photoBeside(request, message), namedBot: botName == nil ? command(of: message)?.bot : nil,
                isOverheard: isOverheard, sentAt: message.sentAt))
    }

    /// A command of this bot from a group or a channel that writes as itself is answered with why that cannot work:
    /// there is no person whose library it could mean.
    private func routeAnonymous(_ message: Message, from user: User, _ updateID: Int64) -> Route {
        guard message.chat.isGroup, let text = message.text ?? message.caption,
            let command = TypedCommand(text, entities: message.entities), isOurs(command),
            FeatureRoutes.request(command) != nil, admits(user, in: message.chat.id)
        else { return .ignored }
        return .turn(
            Turn(
                updateID: updateID, lane: lane(of: user, in: message.chat.id, topicID: message.topicID),
                supergroupID: supergroup(message.chat.id), isGroup: true,
                messageID: message.id, request: .say(.trouble(.anonymous)),
                namedBot: botName == nil ? command.bot : nil, sentAt: message.sentAt))
    }

    /// What a message asks for; nil if it asks for nothing. In a group only what is addressed to the bot does: a
    /// command of the bot, a reply to one of its messages, or a text that begins with its name. A reply is overheard:
    /// without an open entry of this person, it was for another person's message.
    private func request(of message: Message) -> (Turn.Request, isOverheard: Bool)? {
        let isReply = isReplyToBot(message)
        let isInGroup = message.chat.isGroup
        guard let request = content(of: message) else { return nil }
        guard isInGroup else { return (request, false) }
        let text = message.text ?? message.caption ?? ""
        let isNamed = withoutOwnName(text) != text
        if let command = TypedCommand(text, entities: message.entities) {
            if command.bot != nil || FeatureRoutes.request(command) != nil { return (request, false) }
        }
        if isNamed { return (request, false) }
        // A photo in reply to the bot is offered to become an entry.
        if isReply { return (request, message.contentKind != .photo && message.document?.isPhoto != true) }
        return nil
    }

    /// What a message asks for in a private chat; nil if it asks for nothing.
    private func content(of message: Message) -> Turn.Request? {
        switch message.contentKind {
        case .service, .migration: return nil
        case .text:
            guard let text = message.text else { return nil }
            guard let command = TypedCommand(text, entities: message.entities) else {
                return .conversation(Input(typed: withoutOwnName(text)))
            }
            guard isOurs(command) else { return nil }
            return FeatureRoutes.request(command) ?? .conversation(.unknownCommand(text))
        case .photo:
            guard let largest = message.largestPhoto else { return nil }
            return photo(largest.fileID, message)
        case .document where message.document?.isPhoto == true: return photo(message.document?.fileID ?? "", message)
        case .location, .venue:
            return message.place?.text.map { .conversation(.place($0)) } ?? .conversation(.other(.location))
        case let kind: return .conversation(.other(MessageKind(kind)))
        }
    }

    /// A photo with what its caption says. A command in a caption works as a command, and the photo is kept all the
    /// same.
    private func photo(_ fileID: String, _ message: Message) -> Turn.Request? {
        guard let caption = message.caption, caption.contains(where: { !$0.isWhitespace }) else {
            return .photo(fileID: fileID, caption: nil)
        }
        guard let command = TypedCommand(caption, entities: message.entities) else {
            return .photo(fileID: fileID, caption: Input(typed: withoutOwnName(caption)))
        }
        guard isOurs(command) else { return message.chat.isGroup ? nil : .photo(fileID: fileID, caption: nil) }
        switch FeatureRoutes.request(command) {
        case .conversation(let input): return .photo(fileID: fileID, caption: input)
        case let request?: return request
        case nil: return .photo(fileID: fileID, caption: .unknownCommand(caption))
        }
    }

    /// The photo of a message whose caption asks for something that has no place for it.
    private func photoBeside(_ request: Turn.Request, _ message: Message) -> String? {
        if case .photo = request { return nil }
        return message.largestPhoto?.fileID ?? message.document.flatMap { $0.isPhoto ? $0.fileID : nil }
    }

    private func isReplyToBot(_ message: Message) -> Bool {
        guard let author = message.replyTo?.from, author.isBot else { return false }
        if let botID, author.id == botID { return true }
        guard let botName, let name = author.username else { return false }
        return name.lowercased() == botName.lowercased()
    }

    /// Whether the update is a command that names another bot than this one, as far as its name is known.
    func namesAnotherBot(_ update: Update) -> Bool {
        guard case .message(let message) = update.kind, let command = command(of: message) else { return false }
        return !isOurs(command)
    }

    private func command(of message: Message) -> TypedCommand? {
        (message.text ?? message.caption).flatMap { TypedCommand($0, entities: message.entities) }
    }

    /// Whether the command is meant for this bot. While the bot's name is unknown, a command with a name may be: its
    /// turn waits for the name.
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
            admits(query.from, in: origin.chat.id)
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
                updateID: updateID, lane: lane(of: query.from, in: origin.chat.id, topicID: message?.topicID),
                supergroupID: supergroup(origin.chat.id),
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
    /// As it is stored: name and address, or the coordinates and a link to a map. Nil for coordinates that no place
    /// has.
    fileprivate var text: String? {
        let names = [title, address].compactMap { $0 }.filter { !$0.isEmpty }
        if !names.isEmpty { return names.joined(separator: ", ") }
        guard abs(latitude) <= 90, abs(longitude) <= 180 else { return nil }
        let point = "\(Self.degrees(latitude)),\(Self.degrees(longitude))"
        return "\(point) https://maps.google.com/?q=\(point)"
    }

    /// With six decimal places at most: a tenth of a meter.
    private static func degrees(_ value: Double) -> String {
        let millionths = Int64((value * 1_000_000).rounded())
        let (whole, rest) = abs(millionths).quotientAndRemainder(dividingBy: 1_000_000)
        let decimals = String(1_000_000 + rest).dropFirst().reversed().drop { $0 == "0" }.reversed()
        return (millionths < 0 ? "-" : "") + "\(whole)" + (decimals.isEmpty ? "" : "." + String(decimals))
    }
}
