/// A message of a person. When a group becomes a supergroup, message ids begin again at 1.
struct PersonsMessage: Sendable, Equatable {
    var id: Int64
    /// The supergroup that the lane's group became, if the message is there.
    var supergroupID: Int64?
}
