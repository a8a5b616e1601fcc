/// Reads the open conversation of a key.
public enum StateLoad: RPCMethod {
    public static let name = "state.load"
    public static let isIdempotent = true

    public struct Params: RPCParams {
        public var key: ConversationKey
        /// If given, the result says whether this update was already applied to the key, and includes the draft of an
        /// ended conversation.
        public var updateID: Int64?
        /// When the person sent the message that this call is for. Whether the conversation has expired is decided by
        /// this time. Nil means now.
        public var sentAt: Timestamp?

        public init(key: ConversationKey, updateID: Int64? = nil, sentAt: Timestamp? = nil) {
            self.key = key
            self.updateID = updateID
            self.sentAt = sentAt
        }

        public init(_ parameters: Parameters) throws(RPCError) {
            key = try ConversationKey(parameters)
            updateID = try parameters.optional("update_id") { p throws(RPCError) in try p.integer("update_id") }
            sentAt = try parameters.optional("sent_at") { p throws(RPCError) in try p.timestamp("sent_at") }
        }

        public var members: [String: JSONValue] {
            var members = key.members
            members["update_id"] = updateID.map(JSONValue.integer)
            members["sent_at"] = sentAt.map { .string($0.description) }
            return members
        }
    }

    public struct Output: RPCOutput {
        /// Nil when no conversation is open or it has expired.
        public var state: Conversation?
        /// The effect of an earlier delivery of the given update; nil when it was not applied or no update was given.
        public var applied: AppliedUpdate?
        /// The draft of the conversation that expired or was cancelled last; nil when there is none, when a
        /// conversation is open, or when no update was given.
        public var lastClear: KeptDraft?
        /// Whether an update was given. Only then does the JSON have `applied`, and `last_clear` if there is one.
        private var tellsApplied: Bool

        public init(
            state: Conversation?, applied: AppliedUpdate? = nil, lastClear: KeptDraft? = nil,
            tellsApplied: Bool = false
        ) {
            self.state = state
            self.applied = applied
            self.lastClear = lastClear
            self.tellsApplied = tellsApplied
        }

        public init(_ members: Parameters) throws(RPCError) {
            state = try members.optional("state") { m throws(RPCError) in
                try Conversation(Parameters(try m.object("state")))
            }
            applied = try members.optional("applied") { m throws(RPCError) in
                try AppliedUpdate(Parameters(try m.object("applied")))
            }
            lastClear = try members.optional("last_clear") { m throws(RPCError) in
                try KeptDraft(Parameters(try m.object("last_clear")))
            }
            tellsApplied = members.members["applied"] != nil
        }

        public var json: JSONValue {
            var members: [String: JSONValue] = ["state": state?.json ?? .null]
            if tellsApplied {
                members["applied"] = applied?.json ?? .null
                members["last_clear"] = lastClear?.json
            }
            return .object(members)
        }
    }
}

/// Stores the awaited step and the data so far, and postpones the expiry.
///
/// Idempotent by `update_id`: a repeated call for the key changes nothing and returns the same result, while the update
/// is remembered (see `settled_before`).
public enum StateSave: RPCMethod {
    public static let name = "state.save"
    public static let isIdempotent = true
    public static let dataBytesMax = 256 * 1024

    public struct Params: RPCParams {
        public var key: ConversationKey
        public var step: String
        public var data: [String: JSONValue]
        public var updateID: Int64?
        /// The revision that must be stored; 0 for "no open conversation".
        public var expectedRevision: Revision?
        /// Telegram will not deliver an update with a lower id again, since it responded to their confirmation.
        public var settledBefore: Int64?
        /// When the person sent the message behind this call. Whether the conversation has expired is decided by this
        /// time, even if a sweep ran in between. Nil means now.
        public var sentAt: Timestamp?

        public init(
            key: ConversationKey, step: String, data: [String: JSONValue], updateID: Int64? = nil,
            expectedRevision: Revision? = nil, settledBefore: Int64? = nil, sentAt: Timestamp? = nil
        ) {
            self.key = key
            self.step = step
            self.data = data
            self.updateID = updateID
            self.expectedRevision = expectedRevision
            self.settledBefore = settledBefore
            self.sentAt = sentAt
        }

        public init(_ parameters: Parameters) throws(RPCError) {
            key = try ConversationKey(parameters)
            step = try parameters.identifier("step")
            data = try parameters.object("data")
            _ = try parameters.storable("data", .object(data), bytesMax: StateSave.dataBytesMax)
            updateID = try parameters.optional("update_id") { p throws(RPCError) in try p.integer("update_id") }
            expectedRevision = try parameters.optional("expected_revision") { p throws(RPCError) in
                try p.revision("expected_revision")
            }
            settledBefore = try SettledBefore.value(in: parameters)
            sentAt = try parameters.optional("sent_at") { p throws(RPCError) in try p.timestamp("sent_at") }
        }

        public var members: [String: JSONValue] {
            var members = key.members
            members["step"] = .string(step)
            members["data"] = .object(data)
            members["update_id"] = updateID.map(JSONValue.integer)
            members["expected_revision"] = expectedRevision.map { .integer($0.rawValue) }
            members[SettledBefore.name] = settledBefore.map(JSONValue.integer)
            members["sent_at"] = sentAt.map { .string($0.description) }
            return members
        }
    }

    public struct Output: RPCOutput {
        public var revision: Revision
        public var expiresAt: Timestamp
        public var placement: Placement

        public init(revision: Revision, expiresAt: Timestamp, placement: Placement) {
            self.revision = revision
            self.expiresAt = expiresAt
            self.placement = placement
        }

        public init(_ members: Parameters) throws(RPCError) {
            revision = try members.revision("revision")
            expiresAt = try members.timestamp("expires_at")
            placement = try Placement(members)
        }

        public var json: JSONValue {
            .object(
                [
                    "revision": .integer(revision.rawValue),
                    "expires_at": .string(expiresAt.description),
                ].merging(placement.members) { own, _ in own })
        }
    }
}

/// Ends a conversation. A tombstone stays, so that a tier that lags behind cannot bring the conversation back.
public enum StateClear: RPCMethod {
    public static let name = "state.clear"
    public static let isIdempotent = true
    public static let outcomeBytesMax = 16 * 1024

    public enum Reason: String, Sendable, CaseIterable {
        case completed, cancelled, invalid, expired
    }

    public struct Params: RPCParams {
        public var key: ConversationKey
        public var reason: Reason
        public var updateID: Int64?
        /// The outcome of the conversation, kept with the tombstone.
        public var outcome: JSONValue?
        /// Telegram will not deliver an update with a lower id again, since it responded to their confirmation.
        public var settledBefore: Int64?
        /// When the person sent the message behind this call. A conversation that was open then is cleared, even if a
        /// sweep ran in between. Nil means now.
        public var sentAt: Timestamp?

        public init(
            key: ConversationKey, reason: Reason, updateID: Int64? = nil, outcome: JSONValue? = nil,
            settledBefore: Int64? = nil, sentAt: Timestamp? = nil
        ) {
            self.key = key
            self.reason = reason
            self.updateID = updateID
            self.outcome = outcome
            self.settledBefore = settledBefore
            self.sentAt = sentAt
        }

        public init(_ parameters: Parameters) throws(RPCError) {
            key = try ConversationKey(parameters)
            guard let reason = parameters.member("reason")?.stringValue.flatMap(Reason.init(rawValue:)) else {
                throw .invalidArgument("reason", "completed, cancelled, invalid or expired")
            }
            self.reason = reason
            updateID = try parameters.optional("update_id") { p throws(RPCError) in try p.integer("update_id") }
            if let value = parameters.member("outcome") {
                outcome = try parameters.storable("outcome", value, bytesMax: StateClear.outcomeBytesMax)
            }
            settledBefore = try SettledBefore.value(in: parameters)
            sentAt = try parameters.optional("sent_at") { p throws(RPCError) in try p.timestamp("sent_at") }
        }

        public var members: [String: JSONValue] {
            var members = key.members
            members["reason"] = .string(reason.rawValue)
            members["update_id"] = updateID.map(JSONValue.integer)
            members["outcome"] = outcome
            members[SettledBefore.name] = settledBefore.map(JSONValue.integer)
            members["sent_at"] = sentAt.map { .string($0.description) }
            return members
        }
    }

    public struct Output: RPCOutput {
        /// False when there was no conversation to clear.
        public var cleared: Bool
        /// The tombstone's revision; nil when there is no tombstone.
        public var revision: Revision?
        public var placement: Placement

        public init(cleared: Bool, revision: Revision?, placement: Placement) {
            self.cleared = cleared
            self.revision = revision
            self.placement = placement
        }

        public init(_ members: Parameters) throws(RPCError) {
            cleared = try members.boolean("cleared")
            revision = try members.optional("revision") { m throws(RPCError) in try m.revision("revision") }
            placement = try Placement(members)
        }

        public var json: JSONValue {
            .object(
                [
                    "cleared": .bool(cleared),
                    "revision": revision.map { .integer($0.rawValue) } ?? .null,
                ].merging(placement.members) { own, _ in own })
        }
    }
}

/// Removes all expired conversations now.
public enum StateSweep: RPCMethod {
    public static let name = "state.sweep"
    public static let isIdempotent = true
    public typealias Params = NoParams

    public struct Output: RPCOutput {
        public var deleted: Int64

        public init(deleted: Int64) { self.deleted = deleted }
        public init(_ members: Parameters) throws(RPCError) { deleted = try members.integer("deleted") }
        public var json: JSONValue { ["deleted": .integer(deleted)] }
    }
}

/// Lists the open conversations of one type, in the order of their keys. After a restart the gateway finds its queued
/// replies by it.
public enum StateList: RPCMethod {
    public static let name = "state.list"
    public static let isIdempotent = true
    public static let limitMax: Int64 = 100

    public struct Params: RPCParams {
        public var type: String
        public var limit: Int64
        /// The `next_cursor` of the previous page.
        public var cursor: String?

        public init(type: String = ConversationKey.addMachine, limit: Int64 = StateList.limitMax, cursor: String? = nil)
        {
            self.type = type
            self.limit = limit
            self.cursor = cursor
        }

        public init(_ parameters: Parameters) throws(RPCError) {
            type =
                try parameters.optional("conversation_type") { p throws(RPCError) in
                    try p.identifier("conversation_type")
                } ?? ConversationKey.addMachine
            limit =
                try parameters.optional("limit") { p throws(RPCError) in
                    try p.integer("limit", in: 1...StateList.limitMax)
                } ?? StateList.limitMax
            cursor = try parameters.optional("cursor") { p throws(RPCError) in try p.string("cursor") }
        }

        public var members: [String: JSONValue] {
            var members: [String: JSONValue] = ["conversation_type": .string(type), "limit": .integer(limit)]
            members["cursor"] = cursor.map(JSONValue.string)
            return members
        }
    }

    public struct Output: RPCOutput {
        public struct Item: Sendable, Equatable {
            public var key: ConversationKey
            public var state: Conversation

            public init(key: ConversationKey, state: Conversation) {
                self.key = key
                self.state = state
            }
        }

        public var conversations: [Item]
        public var nextCursor: String?

        public init(conversations: [Item], nextCursor: String?) {
            self.conversations = conversations
            self.nextCursor = nextCursor
        }

        public init(_ members: Parameters) throws(RPCError) {
            conversations = []
            for element in try members.array("conversations") {
                let item = Parameters(element.objectValue ?? [:])
                conversations.append(
                    Item(key: try ConversationKey(item), state: try Conversation(Parameters(try item.object("state")))))
            }
            nextCursor = try members.optional("next_cursor") { m throws(RPCError) in try m.string("next_cursor") }
        }

        public var json: JSONValue {
            let items = conversations.map { item in
                JSONValue.object(item.key.members.merging(["state": item.state.json]) { own, _ in own })
            }
            return ["conversations": .array(items), "next_cursor": nextCursor.json]
        }
    }
}
