/// A chat that has something to be sent, in the order in which chats have their turns.
struct SendTurn: Sendable, Comparable {
    var since: Duration
    var order: Int
    var chat: Int64
    var entry: Int
    var stamp: Int

    static func < (one: SendTurn, other: SendTurn) -> Bool {
        (one.since, one.order) < (other.since, other.order)
    }
}
