/// An open conversation.
public struct Conversation: Sendable, Equatable {
    /// The step whose answer the bot awaits.
    public var step: String
    /// The data so far. Keys that this program does not know are kept.
    public var data: [String: JSONValue]
    public var revision: Revision
    /// The last applied update; nil when the last save named none.
    public var updateID: Int64?
    /// When this conversation began. Two conversations of one key never begin at the same time.
    public var startedAt: Timestamp
    public var updatedAt: Timestamp
    public var expiresAt: Timestamp
    public var storedIn: [TierName]

    public init(
        step: String, data: [String: JSONValue], revision: Revision, updateID: Int64?, startedAt: Timestamp,
        updatedAt: Timestamp, expiresAt: Timestamp, storedIn: [TierName]
    ) {
        self.step = step
        self.data = data
        self.revision = revision
        self.updateID = updateID
        self.startedAt = startedAt
        self.updatedAt = updatedAt
        self.expiresAt = expiresAt
        self.storedIn = storedIn
    }

    init(_ members: Parameters) throws(RPCError) {
        step = try members.string("step")
        data = try members.object("data")
        revision = try members.revision("revision")
        updateID = try members.optional("update_id") { m throws(RPCError) in try m.integer("update_id") }
        startedAt = try members.timestamp("started_at")
        updatedAt = try members.timestamp("updated_at")
        expiresAt = try members.timestamp("expires_at")
        storedIn = try members.tiers("stored_in")
    }

    var json: JSONValue {
        [
            "step": .string(step),
            "data": .object(data),
            "revision": .integer(revision.rawValue),
            "update_id": updateID.map(JSONValue.integer) ?? .null,
            "started_at": .string(startedAt.description),
            "updated_at": .string(updatedAt.description),
            "expires_at": .string(expiresAt.description),
            "stored_in": .array(storedIn.map { .string($0.rawValue) }),
        ]
    }
}

/// The effect of an update at its first delivery.
public struct AppliedUpdate: Sendable, Equatable {
    /// How the update ended the conversation; nil when it was saved as an answer.
    public struct Clearing: Sendable, Equatable {
        public var reason: StateClear.Reason
        public var outcome: JSONValue

        public init(reason: StateClear.Reason, outcome: JSONValue) {
            self.reason = reason
            self.outcome = outcome
        }
    }

    public var cleared: Clearing?

    public init(cleared: Clearing?) { self.cleared = cleared }

    init(_ members: Parameters) throws(RPCError) {
        cleared = try members.optional("cleared") { m throws(RPCError) in
            let clearing = Parameters(try m.object("cleared"))
            guard let reason = StateClear.Reason(rawValue: try clearing.string("reason")) else {
                throw .invalidArgument("reason", "completed, cancelled, invalid or expired")
            }
            return Clearing(reason: reason, outcome: clearing.member("outcome") ?? .null)
        }
    }

    var json: JSONValue {
        guard let cleared else { return ["cleared": .null] }
        return ["cleared": ["reason": .string(cleared.reason.rawValue), "outcome": cleared.outcome]]
    }
}

extension Placement {
    init(_ members: Parameters) throws(RPCError) {
        self.init(storedIn: try members.tiers("stored_in"), isDurable: try members.boolean("durable"))
    }

    var members: [String: JSONValue] {
        ["stored_in": .array(storedIn.map { .string($0.rawValue) }), "durable": .bool(isDurable)]
    }
}
