/// A chat with an item to try, ordered by how long it has waited.
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
