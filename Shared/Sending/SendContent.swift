/// What the queue must know of that which is sent.
public protocol SendContent: Sendable {
    /// How many bytes of its lane's row it takes.
    var rowBytes: Int { get }
    /// Whether it asks something, so that a newer reply makes it needless.
    var isPrompt: Bool { get }
    /// Whether a person sees no difference between both, so that one is enough while neither was sent.
    func repeats(_ earlier: Self) -> Bool
}
