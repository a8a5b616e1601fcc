/// A message, edit or tap acknowledgement that is queued for a chat.
public struct SendItem<Lane: Hashable & Sendable, Content: SendContent>: Sendable {
    /// Items of one lane are sent in the order in which they were handed over, and share one stored row.
    public var lane: Lane
    public var chatID: Int64
    public var isGroup: Bool
    /// The update that caused the item; 0 if none did. An update has at most one stored item in a lane.
    public var updateID: Int64
    public var policy: SendPolicy
    /// When it becomes useless, in the queue's time.
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
