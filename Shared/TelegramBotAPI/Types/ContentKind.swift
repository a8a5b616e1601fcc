/// The main content of a message.
public enum ContentKind: String, Sendable, CaseIterable {
    case text, photo, document, sticker, voice, video, videoNote = "video_note", audio, animation, contact, location,
        venue
    case poll, dice
    /// A group became a supergroup.
    case migration
    /// A service message: for example, a person joined or left, or a message was pinned.
    case service
    /// Content that this client does not know.
    case other
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
        ("contact", .contact),
        ("venue", .venue), ("location", .location), ("poll", .poll), ("dice", .dice),
        ("migrate_to_chat_id", .migration),
        ("migrate_from_chat_id", .migration), ("new_chat_members", .service), ("left_chat_member", .service),
        ("new_chat_title", .service), ("new_chat_photo", .service), ("delete_chat_photo", .service),
        ("pinned_message", .service), ("group_chat_created", .service), ("supergroup_chat_created", .service),
        ("channel_chat_created", .service), ("message_auto_delete_timer_changed", .service),
        ("forum_topic_created", .service), ("forum_topic_edited", .service), ("forum_topic_closed", .service),
        ("forum_topic_reopened", .service), ("video_chat_started", .service), ("video_chat_ended", .service),
        ("write_access_allowed", .service), ("boost_added", .service), ("chat_background_set", .service),
    ]

    init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: Key.self)
        self = Self.members.first { values.has(Key(stringValue: $0.0)) }?.1 ?? .other
    }
}
