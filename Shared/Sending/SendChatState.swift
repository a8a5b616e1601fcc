/// The lanes of one chat. At most one of the chat's items is tried at a time.
struct SendChatState<Lane: Hashable & Sendable>: Sendable {
    var lanes: [Lane] = []
    var inFlight: Int?
    /// Changes at each evaluation of the chat, which makes all earlier `SendTurn`s of the chat invalid.
    var stamp = 0
    /// When the chat's next alarm fires; nil if none is set.
    var wakeAt: Duration?
}
