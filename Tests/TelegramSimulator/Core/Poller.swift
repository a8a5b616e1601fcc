/// What the server remembers of `getUpdates` calls.
struct Poller: Sendable {
    static let limitMax = 100
    static let timeoutSecondsMax = 50
    /// The same offset again this soon gets one update, which slows a client in a tight loop down.
    static let repeatLimited: Duration = .milliseconds(500)
    /// The same offset again this soon waits for three seconds at least.
    static let repeatDelayed: Duration = .seconds(3)
    /// Kinds of update that are sent only if asked for by name.
    static let optInKinds: Set<String> = ["chat_member", "message_reaction", "message_reaction_count"]

    /// A long poll that waits for an update.
    struct Waiting: Sendable {
        let call: CallID
        let limit: Int
        let deadline: Duration
    }

    var waiting: Waiting?
    /// The `allowed_updates` of the last call that gave any; nil stands for all but `optInKinds`.
    var allowedKinds: Set<String>?
    var previousOffset: Int64?
    var previousStart: Duration = .zero

    func allows(_ kind: String) -> Bool {
        allowedKinds?.contains(kind) ?? !Self.optInKinds.contains(kind)
    }
}
