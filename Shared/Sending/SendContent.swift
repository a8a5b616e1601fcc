/// The properties of a message's content that the queue needs.
public protocol SendContent: Sendable {
    /// How many bytes it takes in its lane's row.
    var rowBytes: Int { get }
    /// Whether it is a question, which a newer reply makes unnecessary.
    var isPrompt: Bool { get }
    /// Whether a person would see no difference between the two, so that one is enough while neither was sent.
    func repeats(_ earlier: Self) -> Bool
}
