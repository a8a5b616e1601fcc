import Contracts
import Dialogue

/// How a conversation gets its short id. `TapData.isTag` tells what an id is.
enum ConversationTag {
    /// The tag of the conversation that `turn` begins: the same turn always gives the same tag. So if memory loses the
    /// whole conversation and its updates are handled again, the library recognizes the machine that it already has.
    ///
    /// Telegram may use an update id again after a quiet week, but not with the same message or tap.
    @Sendable static func begun(by turn: Turn) -> String {
        let source = "\(turn.updateID) \(turn.messageID ?? 0) \(turn.tap?.queryID ?? "")"
        let digits = String(MachineRequestID.fnv1a(source.utf8), radix: 36).suffix(TapData.tagBytesMax)
        return String(repeating: "0", count: TapData.tagBytesMax - digits.count) + digits
    }

    /// The tag of a conversation that the earlier bot began: no two of one key began at the same time.
    static func derived(from startedAt: Timestamp) -> String {
        String(max(0, startedAt.milliseconds), radix: 36)
    }
}
