/// A message that the bot can see.
public struct Message: Sendable, Hashable {
    public var id: Int64
    public var threadID: Int64?
    /// Whether `threadID` is a topic, and not only a chain of replies.
    public var isTopicMessage: Bool
    /// Nil in channels, and for some service messages.
    public var from: User?
    public var chat: Chat
    /// Seconds since 1970; 0 if Telegram does not give it.
    public var date: Int64
    public var text: String?
    public var caption: String?
    /// The marked parts of `text`, or else of `caption`; nil if Telegram marks none.
    public var entities: [MessageEntity]?
    /// The same for all messages of an album.
    public var mediaGroupID: String?
    /// The chat in whose name a person writes: a channel, or the group itself for an anonymous administrator.
    public var senderChat: Chat?
    /// A channel's post that Telegram forwards into the channel's discussion group.
    public var isAutomaticForward: Bool
    /// One photo in several sizes, smallest first; empty if the message is not a photo.
    public var photo: [PhotoSize]
    public var document: Document?
    public var place: MapPlace?
    public var contentKind: ContentKind
    /// The id of the supergroup that this group became.
    public var migrateToChatID: Int64?
    /// The id that this supergroup had as a group.
    public var migrateFromChatID: Int64?
    /// An array, because a struct cannot hold itself.
    private var repliedTo: [Message]

    public init(
        id: Int64, threadID: Int64? = nil, isTopicMessage: Bool = false, from: User? = nil, chat: Chat, date: Int64 = 1,
        text: String? = nil, caption: String? = nil, entities: [MessageEntity]? = nil, mediaGroupID: String? = nil,
        senderChat: Chat? = nil, isAutomaticForward: Bool = false, photo: [PhotoSize] = [], document: Document? = nil,
        place: MapPlace? = nil, contentKind: ContentKind = .text, replyTo: Message? = nil,
        migrateToChatID: Int64? = nil,
        migrateFromChatID: Int64? = nil
    ) {
        self.id = id
        self.threadID = threadID
        self.isTopicMessage = isTopicMessage
        self.from = from
        self.chat = chat
        self.date = date
        self.text = text
        self.caption = caption
        self.entities = entities
        self.mediaGroupID = mediaGroupID
        self.senderChat = senderChat
        self.isAutomaticForward = isAutomaticForward
        self.photo = photo
        self.document = document
        self.place = place
        self.contentKind = contentKind
        self.migrateToChatID = migrateToChatID
        self.migrateFromChatID = migrateFromChatID
        repliedTo = replyTo.map { [$0] } ?? []
    }

    /// The message that this one replies to. Telegram gives one level, so its `replyTo` is nil.
    public var replyTo: Message? {
        get { repliedTo.first }
        set { repliedTo = newValue.map { [$0] } ?? [] }
    }

    /// The topic in which the message is, if it is in one.
    public var topicID: Int64? { isTopicMessage ? threadID : nil }
}

extension Message: Decodable {
    private enum CodingKeys: String, CodingKey {
        case messageID = "message_id"
        case threadID = "message_thread_id"
        case isTopicMessage = "is_topic_message"
        case from, chat, date, text, caption, entities, photo, document, location, venue
        case captionEntities = "caption_entities"
        case mediaGroupID = "media_group_id"
        case senderChat = "sender_chat"
        case isAutomaticForward = "is_automatic_forward"
        case replyTo = "reply_to_message"
        case migrateToChatID = "migrate_to_chat_id"
        case migrateFromChatID = "migrate_from_chat_id"
        case richMessage = "rich_message"
    }

    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            id: try values.decode(Int64.self, forKey: .messageID),
            threadID: values.lenient(Int64.self, .threadID),
            isTopicMessage: values.lenient(Bool.self, .isTopicMessage) ?? false,
            from: values.lenient(User.self, .from),
            chat: try values.decode(Chat.self, forKey: .chat),
            date: values.lenient(Int64.self, .date) ?? 0,
            text: values.lenient(String.self, .text),
            caption: values.lenient(String.self, .caption),
            entities: values.lenient(LossyList<MessageEntity>.self, values.has(.text) ? .entities : .captionEntities)?
                .elements,
            mediaGroupID: values.lenient(String.self, .mediaGroupID),
            senderChat: values.lenient(Chat.self, .senderChat),
            isAutomaticForward: values.lenient(Bool.self, .isAutomaticForward) ?? false,
            photo: values.lenient(LossyList<PhotoSize>.self, .photo)?.elements ?? [],
            document: values.lenient(Document.self, .document),
            place: Self.place(values),
            contentKind: try ContentKind(from: decoder),
            replyTo: values.lenient(Message.self, .replyTo),
            migrateToChatID: values.lenient(Int64.self, .migrateToChatID),
            migrateFromChatID: values.lenient(Int64.self, .migrateFromChatID))
        if contentKind == .other, let rich = values.lenient(RichMessage.self, .richMessage) { take(rich) }
        // Another Bot API server may nest replies deeper; keep one level.
        replyTo?.replyTo = nil
    }

    /// Formatted blocks count as the text that they show; with a photo among them, as a photo with a caption.
    private mutating func take(_ rich: RichMessage) {
        if !rich.photo.isEmpty {
            (contentKind, photo) = (.photo, rich.photo)
            caption = rich.text.isEmpty ? nil : rich.text
        } else if !rich.text.isEmpty {
            (contentKind, text) = (.text, rich.text)
        }
        if rich.beginsWithCode { entities = [MessageEntity(type: "code", offset: 0, length: 1)] }
    }

    private static func place(_ values: KeyedDecodingContainer<CodingKeys>) -> MapPlace? {
        if let venue = values.lenient(Venue.self, .venue) {
            return MapPlace(
                latitude: venue.location.latitude, longitude: venue.location.longitude, title: venue.title,
                address: venue.address)
        }
        return values.lenient(LocationPin.self, .location).map {
            MapPlace(latitude: $0.latitude, longitude: $0.longitude)
        }
    }
}
