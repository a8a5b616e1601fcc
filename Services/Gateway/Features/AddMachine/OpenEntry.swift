import Contracts
import Dialogue

/// An entry as the state-service stores it: the dialogue's part, and what must be kept with it.
struct OpenEntry: Sendable, Equatable {
    enum Key {
        static let photo = "photo_file_id"
        static let nicknameHint = "nickname_hint"
        static let manufacturerHint = "manufacturer_hint"
        static let modelHint = "model_hint"
        static let ocrData = "ocr_data"
        /// The person's last message of the entry, in a group: a question replies to it.
        static let message = "message_id"
        /// The supergroup in which that message is, if it is not in the chat of the key.
        static let messageChat = "message_chat_id"
        static let tag = "entry_tag"
        static let answered = "answered_updates"
        /// An entry that was over when this one began. It is kept until this one has an answer.
        static let earlier = "earlier_entry"
    }

    /// How many updates that had no effect are remembered with the entry. Telegram shows 100 at a time.
    static let answeredMax = 128
    /// How many of the newest stay even after Telegram has confirmed that it will not deliver them again.
    static let settledKept = 8

    var entry: Entry
    var revision: Revision
    /// The last update that was applied.
    var updateID: Int64?
    /// Updates of this lane that were handled and changed nothing. Delivered again, they would meet another state and
    /// mean something else.
    var answeredUpdates: [Int64]
    var lastMessage: PersonsMessage? {
        data[Key.message]?.integerValue.map {
            PersonsMessage(id: $0, supergroupID: data[Key.messageChat]?.integerValue)
        }
    }
    /// The id of that message; nil if it is not in the chat of the turn.
    func lastMessageID(for turn: Turn) -> Int64? {
        lastMessage?.supergroupID == turn.supergroupID ? lastMessage?.id : nil
    }
    /// The entry that may be taken up again in place of this one.
    var earlier: KeptDraft? { data[Key.earlier].flatMap { try? KeptDraft($0) } }
    /// All of `state_data`, so that keys that the gateway does not know are kept.
    var data: [String: JSONValue]

    /// Nil if the row cannot be read.
    init?(_ conversation: Conversation) {
        guard let step = Step(rawValue: conversation.step) else { return nil }
        let data = conversation.data
        var draft = Draft()
        for step in Step.allCases {
            switch data[step.dataKey] {
            case nil: break
            case .null: draft.answers[step] = step.isSkippable ? .skipped : nil
            case .string(let text): draft.answers[step] = .value(text)
            case .integer(let number): draft.answers[step] = .value(String(number))
            case .decimal(let spelling): draft.answers[step] = .value(spelling)
            case .bool, .array, .object: return nil
            }
        }
        draft.photoFileID = data[Key.photo]?.stringValue
        draft.nicknameHint = data[Key.nicknameHint]?.stringValue
        draft.manufacturerHint = data[Key.manufacturerHint]?.stringValue
        draft.modelHint = data[Key.modelHint]?.stringValue
        let stored = data[Key.tag]?.stringValue.flatMap { TapData.isTag($0) ? $0 : nil }
        entry = Entry(
            step: step, draft: draft, tag: stored ?? ConversationTag.derived(from: conversation.startedAt))
        revision = conversation.revision
        updateID = conversation.updateID
        answeredUpdates = data[Key.answered]?.arrayValue?.compactMap(\.integerValue) ?? []
        self.data = data
    }

    /// An entry that is over, from what was kept of it; nil if that cannot be read.
    init?(_ kept: KeptDraft) {
        self.init(
            Conversation(
                step: kept.step, data: kept.data, revision: .none, updateID: nil, startedAt: kept.startedAt,
                updatedAt: kept.updatedAt, expiresAt: kept.expiresAt, storedIn: []))
    }

    /// `state_data` for `entry`, over what was stored before.
    ///
    /// - Parameters:
    ///   - earlier: the entry that was over when `entry` began.
    ///   - message: the person's message in a group; nil keeps the one before.
    static func data(
        for entry: Entry, over stored: OpenEntry?, earlier: KeptDraft? = nil, message: PersonsMessage? = nil,
        answeredUpdates: [Int64],
        settledBefore: Int64? = nil
    ) -> [String: JSONValue] {
        var data = stored?.data ?? [:]
        if let earlier { data[Key.earlier] = earlier.json }
        if !entry.draft.answers.isEmpty { data[Key.earlier] = nil }
        for (step, answer) in entry.draft.answers {
            switch answer {
            case .value(let text): data[step.dataKey] = .string(text)
            case .skipped: data[step.dataKey] = .null
            }
        }
        if let photo = entry.draft.photoFileID { data[Key.photo] = .string(photo) }
        if let hint = entry.draft.nicknameHint { data[Key.nicknameHint] = .string(hint) }
        if let hint = entry.draft.manufacturerHint { data[Key.manufacturerHint] = .string(hint) }
        if let hint = entry.draft.modelHint { data[Key.modelHint] = .string(hint) }
        if let message {
            data[Key.message] = .integer(message.id)
            data[Key.messageChat] = message.supergroupID.map(JSONValue.integer)
        }
        data[Key.tag] = .string(entry.tag)
        let earlier = stored?.answeredUpdates ?? []
        var answered = (earlier + answeredUpdates.filter { !earlier.contains($0) }).suffix(answeredMax)
        if let settledBefore {
            answered = answered.dropLast(settledKept).filter { $0 >= settledBefore } + answered.suffix(settledKept)
        }
        data[Key.answered] = answered.isEmpty ? nil : .array(answered.map(JSONValue.integer))
        return data
    }
}
