/// One item of a stored row.
public struct SendRow<Content: SendContent>: Sendable {
    public var content: Content
    public var updateID: Int64
    public var policy: SendPolicy
    /// Tries that may have had an effect, including the one that may begin as soon as this row is stored.
    public var tries: Int

    public init(content: Content, updateID: Int64, policy: SendPolicy, tries: Int) {
        self.content = content
        self.updateID = updateID
        self.policy = policy
        self.tries = tries
    }
}
