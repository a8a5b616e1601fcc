import Contracts
import Dialogue

/// The result of a turn whose effect is stored.
struct TurnOutcome: Sendable, Equatable {
    /// Nil if the bot says nothing.
    var message: AnyMessage?
    /// Whether only the notice under the tap says it, if the message has one.
    var isNoticeOnly = false
    /// Whether the message is sent as a reply to the person's message.
    var repliesToMessage = false
    /// The person's last message of the open entry: a question in a group replies to it if the turn has no message.
    var lastMessageID: Int64?
    /// Whether the message replaces the one with the button.
    var replacesMessage = false
    /// Whether the update was handled before.
    var isRepeated = false
    /// The effects that only memory has so far. The update is settled when none is left.
    var volatile: [VolatileEffect] = []

    static let silent = TurnOutcome()

    /// The reply as it may be sent now: if an effect is in memory only, it says so.
    func reply(in texts: any Texts) -> Reply? {
        let reply = message?.reply(in: texts)
        return volatile.isEmpty ? reply : reply?.inMemoryOnly(in: texts)
    }
}
