/// The items of one lane, and its stored row.
struct SendLaneState: Sendable {
    let chat: Int64
    /// The entries' ids, in sending order.
    var entries: [Int] = []
    var lastBegunAt: Duration = .zero
    /// Whether a row that is not empty may be stored.
    var hasRow = false
    var isWriting = false
    /// Whether the row that is being written is empty.
    var isClearing = false
    /// Whether the row must be written again, because it differs from the entries.
    var isDirty = false

    init(chat: Int64) { self.chat = chat }
}
