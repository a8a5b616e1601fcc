/// The main content of a message.
public enum ContentKind: String, Sendable, CaseIterable {
    case text, photo, document, sticker, voice, video, videoNote = "video_note", audio, animation, contact, location,
        venue
    case poll, dice
    /// Other content that a person sends: a paid photo, a story, a checklist, a game, an invoice.
    case other
    /// A group became a supergroup.
    case migration
    /// A service message (a person joined, a message was pinned, a gift), and anything that this client does not know:
    /// no content that a person sent.
    case service
}

extension ContentKind {
    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    /// The members of a message, and the kind that each stands for. The first member present counts: an animation has a
    /// document too, and a venue has a location.
    private static let members: [(String, ContentKind)] = [
        ("text", .text), ("photo", .photo), ("animation", .animation), ("sticker", .sticker), ("voice", .voice),
        ("video_note", .videoNote), ("video", .video), ("audio", .audio), ("document", .document),
        ("contact", .contact), ("venue", .venue), ("location", .location), ("poll", .poll), ("dice", .dice),
        ("paid_media", .other), ("story", .other), ("checklist", .other), ("rich_message", .other), ("game", .other),
        ("invoice", .other),
        ("migrate_to_chat_id", .migration), ("migrate_from_chat_id", .migration),
    ]

    init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: Key.self)
        self = Self.members.first { values.has(Key(stringValue: $0.0)) }?.1 ?? .service
    }
}
