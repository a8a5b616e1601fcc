/// What the server remembers of `getUpdates` calls.
struct Poller: Sendable {
    static let limitMax = 100
    static let timeoutSecondsMax = 50
    /// A call with the same offset within this time gets one update, which slows a client in a tight loop.
    static let repeatLimited: Duration = .milliseconds(500)
    /// A call with the same offset within this time waits for at least three seconds.
    static let repeatDelayed: Duration = .seconds(3)
    /// The kinds of updates that are sent only if the bot names them.
    static let optInKinds: Set<String> = ["chat_member", "message_reaction", "message_reaction_count"]

    /// A long poll that waits for an update.
    struct Waiting: Sendable {
        let call: CallID
        let limit: Int
        let deadline: Duration
    }

    var waiting: Waiting?
    /// The `allowed_updates` of the last call that had any; nil means all but `optInKinds`.
    var allowedKinds: Set<String>?
    var previousOffset: Int64?
    var previousStart: Duration = .zero

    func allows(_ kind: String) -> Bool {
        allowedKinds?.contains(kind) ?? !Self.optInKinds.contains(kind)
    }
}
