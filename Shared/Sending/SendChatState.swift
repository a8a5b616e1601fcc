/// The lanes of one chat, of whose items one at a time is tried.
struct SendChatState<Lane: Hashable & Sendable>: Sendable {
    var lanes: [Lane] = []
    var inFlight: Int?
    /// Changes whenever the chat is looked at: what was found earlier is void.
    var stamp = 0
    /// When it is looked at again; nil if that is not planned.
    var wakeAt: Duration?
}
