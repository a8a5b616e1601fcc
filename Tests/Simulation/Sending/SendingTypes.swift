import Sending

/// A person in a chat.
struct SimulatedLane: Hashable, Sendable {
    var user: Int
    var chat: Int64
    var isGroup: Bool { chat < 0 }
}

/// A reply to an update.
struct SimulatedContent: SendContent, Equatable {
    var updateID: Int64
    /// Equal for replies between which a person sees no difference.
    var words: String
    var isPrompt = false
    var hasBadMarkup = false
    var hasThread = false
    var rowBytes = 600

    func repeats(_ earlier: SimulatedContent) -> Bool { words == earlier.words }
}

typealias SimulatedQueue = SendQueue<SimulatedLane, SimulatedContent>
typealias SimulatedItem = SendItem<SimulatedLane, SimulatedContent>
typealias SimulatedRow = SendRow<SimulatedContent>
