/// The items of one lane, and its stored row.
struct SendLaneState: Sendable {
    let chat: Int64
    /// In the order in which they are to be sent.
    var entries: [Int] = []
    var lastBegunAt: Duration = .zero
    /// Whether a row may be stored that is not empty.
    var hasRow = false
    var isWriting = false
    /// Whether the row that is being written is empty.
    var isClearing = false
    /// Whether the row is not as it should be.
    var isDirty = false

    init(chat: Int64) { self.chat = chat }
}
