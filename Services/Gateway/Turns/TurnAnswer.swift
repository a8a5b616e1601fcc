import Contracts
import Dialogue

/// What came of a turn, when its effect is stored.
struct TurnAnswer: Sendable, Equatable {
    /// Nil to say nothing.
    var reply: Reply?
    /// The tap's text alone says it.
    var isNoticeOnly = false
    /// The reply answers the person's own message, under it.
    var repliesToMessage = false
    /// The reply takes the place of the message with the button.
    var replacesMessage = false
    /// The update was handled before.
    var isRepeated = false
    /// What only memory holds so far. As long as there is any, the update is not settled.
    var debts: [Debt] = []

    static let silent = TurnAnswer()

    /// The reply as it may be said now: honest about what is not durable.
    var spoken: Reply? { debts.isEmpty ? reply : reply?.inMemoryOnly }
}
