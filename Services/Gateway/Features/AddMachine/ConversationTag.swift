import Contracts

/// A conversation's short id, `[a-z0-9]{1,16}`.
enum ConversationTag {
    static let length = 16

    /// The tag of the conversation that `turn` begins: the same turn always gives the same tag. So if memory loses the
    /// whole conversation and its updates are handled again, the library recognizes the machine that it already has.
    ///
    /// Telegram may use an update id again after a quiet week, but not with the same message or tap.
    @Sendable static func begun(by turn: Turn) -> String {
        let source = "\(turn.updateID) \(turn.messageID ?? 0) \(turn.tap?.queryID ?? "")"
        let digits = String(MachineRequestID.fnv1a(source.utf8), radix: 36).suffix(length)
        return String(repeating: "0", count: length - digits.count) + digits
    }

    /// The tag of a conversation that the earlier bot began: no two of one key began at the same time.
    static func derived(from startedAt: Timestamp) -> String {
        String(max(0, startedAt.milliseconds), radix: 36)
    }

    static func isTag(_ text: String) -> Bool {
        (1...length).contains(text.utf8.count)
            && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x7A).contains($0) }
    }
}
