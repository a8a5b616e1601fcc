/// The data of a conversation that expired or was cancelled. A `state.save` of its step and data resumes the
/// conversation.
public struct KeptDraft: Sendable, Equatable {
    /// `expired` or `cancelled`.
    public var reason: StateClear.Reason
    public var step: String
    public var data: [String: JSONValue]
    public var startedAt: Timestamp
    /// When it was last saved.
    public var updatedAt: Timestamp
    public var expiresAt: Timestamp
    /// Until when results include the draft.
    public var keptUntil: Timestamp

    public init(
        reason: StateClear.Reason, step: String, data: [String: JSONValue], startedAt: Timestamp, updatedAt: Timestamp,
        expiresAt: Timestamp, keptUntil: Timestamp
    ) {
        self.reason = reason
        self.step = step
        self.data = data
        self.startedAt = startedAt
        self.updatedAt = updatedAt
        self.expiresAt = expiresAt
        self.keptUntil = keptUntil
    }

    /// The draft as in the result of `state.load`.
    public init(_ json: JSONValue) throws(RPCError) {
        guard case .object(let members) = json else { throw .invalidArgument("last_clear", "an object") }
        try self.init(Parameters(members))
    }

    init(_ members: Parameters) throws(RPCError) {
        guard let reason = StateClear.Reason(rawValue: try members.string("reason")) else {
            throw .invalidArgument("reason", "completed, cancelled, invalid or expired")
        }
        self.init(
            reason: reason, step: try members.string("step"), data: try members.object("data"),
            startedAt: try members.timestamp("started_at"), updatedAt: try members.timestamp("updated_at"),
            expiresAt: try members.timestamp("expires_at"), keptUntil: try members.timestamp("kept_until"))
    }

    public var json: JSONValue {
        [
            "reason": .string(reason.rawValue), "step": .string(step), "data": .object(data),
            "started_at": .string(startedAt.description), "updated_at": .string(updatedAt.description),
            "expires_at": .string(expiresAt.description), "kept_until": .string(keptUntil.description),
        ]
    }
}
