/// Something that is owed to a chat.
public struct SendItem<Lane: Hashable & Sendable, Content: SendContent>: Sendable {
    /// Items of one lane are sent in the order of their hand-over, and share a stored row.
    public var lane: Lane
    public var chatID: Int64
    public var isGroup: Bool
    /// The update that it answers, which has one item of a policy; 0 if it answers none.
    public var updateID: Int64
    public var policy: SendPolicy
    /// When it is of no use any more, in the queue's time.
    public var expiresAt: Duration
    public var content: Content

    public init(
        lane: Lane, chatID: Int64, isGroup: Bool, updateID: Int64, policy: SendPolicy, expiresAt: Duration,
        content: Content
    ) {
        self.lane = lane
        self.chatID = chatID
        self.isGroup = isGroup
        self.updateID = updateID
        self.policy = policy
        self.expiresAt = expiresAt
        self.content = content
    }
}
