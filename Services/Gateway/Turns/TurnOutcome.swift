import Contracts
import Dialogue

/// What came of a turn, when its effect is stored.
struct TurnOutcome: Sendable, Equatable {
    /// Nil to say nothing.
    var message: AnyMessage?
    /// The notice under the tap alone says it, if the message has one.
    var isNoticeOnly = false
    /// The reply answers the person's own message, under it.
    var repliesToMessage = false
    /// The reply takes the place of the message with the button.
    var replacesMessage = false
    /// The update was handled before.
    var isRepeated = false
    /// What only memory has so far. The update is settled when none is left.
    var volatile: [VolatileEffect] = []

    static let silent = TurnOutcome()

    /// The reply as it may be sent now: it says what is in memory only.
    func reply(in texts: any Texts) -> Reply? {
        let reply = message?.reply(in: texts)
        return volatile.isEmpty ? reply : reply?.inMemoryOnly(in: texts)
    }
}
