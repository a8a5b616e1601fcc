import Contracts
import TestSupport

/// Updates of random kinds, members and values, and what the bot may say to each. Most are in a chat of their own; of
/// those that need no reply, some are of people with an open entry, or of others in their group.
///
/// The kinds and members are those of the Bot API's documentation up to 10.1, and made-up ones for those to come. Real
/// updates have more members at a time, and their values fit together.
struct RandomUpdates {
    struct Case {
        /// What it is, for the report of a failure.
        var name: String
        var chat: Int64
        var update: [String: JSONValue]
        /// How often the bot may speak in the chat.
        var replies: ClosedRange<Int>
        /// A part of each reply.
        var words = ""
    }

    /// Kinds of updates other than messages and taps.
    static let otherKinds = [
        "channel_post", "edited_channel_post", "business_connection", "business_message", "edited_business_message",
        "deleted_business_messages", "message_reaction", "message_reaction_count", "inline_query",
        "chosen_inline_result", "shipping_query", "pre_checkout_query", "purchased_paid_media", "poll", "poll_answer",
        "my_chat_member", "chat_member", "chat_join_request", "chat_boost", "removed_chat_boost", "managed_bot",
        "kind_of_tomorrow",
    ]
    /// Members of service messages.
    static let serviceMembers = [
        "new_chat_members", "left_chat_member", "new_chat_title", "new_chat_photo", "delete_chat_photo",
        "group_chat_created", "supergroup_chat_created", "channel_chat_created", "message_auto_delete_timer_changed",
        "pinned_message", "successful_payment", "refunded_payment", "users_shared", "chat_shared", "gift",
        "unique_gift", "gift_upgrade_sent", "connected_website", "write_access_allowed", "passport_data",
        "proximity_alert_triggered", "boost_added", "chat_background_set", "checklist_tasks_done",
        "checklist_tasks_added", "direct_message_price_changed", "forum_topic_created", "forum_topic_edited",
        "forum_topic_closed", "forum_topic_reopened", "general_forum_topic_hidden", "general_forum_topic_unhidden",
        "giveaway_created", "giveaway_completed", "paid_message_price_changed", "suggested_post_approved",
        "suggested_post_approval_failed", "suggested_post_declined", "suggested_post_paid", "suggested_post_refunded",
        "video_chat_scheduled", "video_chat_started", "video_chat_ended", "video_chat_participants_invited",
        "web_app_data", "chat_owner_left", "chat_owner_changed", "migrate_to_chat_id", "migrate_from_chat_id",
        "service_of_tomorrow",
    ]
    /// Members that are content, and the bot's word for it.
    static let contentMembers = [
        "sticker": "sticker", "voice": "voice message", "video": "video", "video_note": "video message",
        "audio": "audio", "contact": "contact", "poll": "poll", "dice": "dice", "game": "this kind of message",
        "story": "this kind of message", "paid_media": "this kind of message", "checklist": "this kind of message",
        "invoice": "this kind of message", "rich_message": "this kind of message", "animation": "GIF",
        "document": "file",
    ]
    /// Members beside the content.
    static let otherMembers = [
        "via_bot", "forward_origin", "external_reply", "quote", "reply_to_story", "edit_date",
        "has_protected_content", "is_from_offline", "is_paid_post", "author_signature", "paid_star_count",
        "link_preview_options", "effect_id", "show_caption_above_media", "has_media_spoiler", "sender_tag",
        "sender_boost_count", "sender_business_bot", "business_connection_id", "direct_messages_topic",
        "suggested_post_info", "member_of_tomorrow",
    ]

    /// The private chat, and the group, of people with an open entry, and these people.
    let busy: [(chat: Int64, person: Int64)]

    private var random: SeededGenerator
    private var lastChat: Int64 = 5_000_000

    init(_ random: SeededGenerator, busy: [(chat: Int64, person: Int64)]) {
        self.random = random
        self.busy = busy
    }

    mutating func next() -> Case {
        lastChat += 1
        let next = anywhere()
        guard next.replies == 0...0, Int.random(in: 0...2, using: &random) == 0,
            let kind = ["message", "edited_message"].first(where: { next.update[$0] != nil }),
            var members = next.update[kind]?.objectValue, let (chat, person) = busy.randomElement(using: &random)
        else { return next }
        // The group's other members say it as well; in a private chat there are none.
        let isOther = chat < 0 && Bool.random(using: &random)
        // What is no answer in a group is one in a private chat.
        guard chat < 0 || kind == "edited_message" || Self.serviceMembers.contains(next.name) else { return next }
        members["chat"] = chatJSON(chat)
        if !isOther { members["from"] = self.person(person) }
        return Case(name: next.name, chat: chat, update: [kind: .object(members)], replies: 0...0)
    }

    private mutating func anywhere() -> Case {
        let isInGroup = Bool.random(using: &random)
        let chat = isInGroup ? -1_000_000_000_000 - lastChat : lastChat
        switch Int.random(in: 0...7, using: &random) {
        case 0:
            let kind = one(of: Self.otherKinds)
            return Case(name: kind, chat: chat, update: [kind: body(chat)], replies: 0...0)
        case 1:
            let member = one(of: Self.serviceMembers)
            return message(member, chat, [member: value()], replies: 0...0)
        case 2:
            let (member, words) =
                Self.contentMembers.sorted { $0.key < $1.key }.randomElement(using: &random) ?? ("", "")
            return message(member, chat, [member: notNull()], replies: isInGroup ? 0...0 : 1...1, words)
        case 3:
            return message(
                "text", chat, ["text": "see you at 12"], replies: isInGroup ? 0...0 : 1...1, "No entry is open")
        case 4:
            let text: JSONValue = ["message_id": 1, "date": 1_795_000_000, "text": "an edited text"]
            var edited = text.objectValue ?? [:]
            (edited["chat"], edited["from"]) = (chatJSON(chat), person(lastChat))
            return Case(name: "edit", chat: chat, update: ["edited_message": .object(edited)], replies: 0...0)
        case 5:
            var post = message("a channel's post", chat, ["text": "news"], replies: 0...0)
            guard isInGroup, case .object(var members)? = post.update["message"] else { return anywhere() }
            members["sender_chat"] = ["id": -1_009_999, "type": "channel", "title": "News"]
            members["is_automatic_forward"] = .bool(Bool.random(using: &random))
            post.update["message"] = .object(members)
            return post
        case 6:
            let query: JSONValue = [
                "id": .string("q\(lastChat)"), "from": person(lastChat), "message": body(chat), "data": notNull(),
                "chat_instance": "1",
            ]
            return Case(name: "tap", chat: chat, update: ["callback_query": query], replies: 0...1)
        default:
            return malformed(chat)
        }
    }

    /// Members of the right names with values of any type. What can be read of it is handled as usual.
    private mutating func malformed(_ chat: Int64) -> Case {
        var members = body(chat).objectValue ?? [:]
        let names =
            [
                "text", "caption", "photo", "document", "location", "venue", "entities", "reply_to_message", "from",
                "date",
            ]
            + Self.otherMembers + Self.serviceMembers
        for _ in 1...Int.random(in: 1...5, using: &random) { members[one(of: names)] = value() }
        let kind = one(of: ["message", "edited_message", "callback_query"])
        return Case(name: "malformed \(kind)", chat: chat, update: [kind: .object(members)], replies: 0...1)
    }

    private mutating func message(
        _ name: String, _ chat: Int64, _ content: [String: JSONValue], replies: ClosedRange<Int>, _ words: String = ""
    ) -> Case {
        var members = (body(chat).objectValue ?? [:]).merging(content) { _, own in own }
        if Bool.random(using: &random) { members[one(of: Self.otherMembers)] = value() }
        return Case(name: name, chat: chat, update: ["message": .object(members)], replies: replies, words: words)
    }

    private mutating func body(_ chat: Int64) -> JSONValue {
        [
            "message_id": .integer(.random(in: 1...9_999, using: &random)), "date": 1_795_000_000,
            "chat": chatJSON(chat), "from": person(lastChat),
        ]
    }

    private func chatJSON(_ chat: Int64) -> JSONValue {
        ["id": .integer(chat), "type": chat > 0 ? "private" : "supergroup", "title": "Hall"]
    }

    private func person(_ id: Int64) -> JSONValue { ["id": .integer(id), "is_bot": false, "first_name": "Eve"] }

    private mutating func one(of names: [String]) -> String { names.randomElement(using: &random) ?? "" }

    private mutating func notNull() -> JSONValue {
        let value = value()
        return value == .null ? [:] : value
    }

    /// A value of any type.
    private mutating func value(depth: Int = 0) -> JSONValue {
        switch Int.random(in: 0...(depth < 4 ? 8 : 6), using: &random) {
        case 0: return .null
        case 1: return .bool(Bool.random(using: &random))
        case 2: return .integer([0, -1, 1, .max, .min, 1_795_000_000].randomElement(using: &random) ?? 0)
        case 3:
            return .decimal(
                ["0.5", "-1e308", "1e-400", "123456789012345678901234567890"].randomElement(using: &random) ?? "0")
        case 4:
            return .string(
                ["", " ", "/skip", "🏭\u{202E}", "\0", String(repeating: "é", count: 5_000)].randomElement(
                    using: &random) ?? "")
        case 5, 6: return .string(one(of: Self.otherMembers))
        case 7: return .array((0..<Int.random(in: 0...3, using: &random)).map { _ in value(depth: depth + 1) })
        default:
            var members: [String: JSONValue] = [:]
            for _ in 0..<Int.random(in: 0...3, using: &random) {
                members[one(of: ["id", "file_id", "type", "text", "width", "title", "latitude"])] = value(
                    depth: depth + 1)
            }
            return .object(members)
        }
    }
}
