/// When the next message may be sent, by Telegram's published limits and by what its 429s said.
///
/// Pure: time is a `Duration` since any fixed start that does not go back. Memory is bounded by what was reserved within the last
/// minute: a chat without reservation or pause is forgotten.
public struct SendLimiter: Sendable {
    /// The values of `RIVET_SEND_LIMITS`.
    public enum Limits: String, Sendable, CaseIterable {
        /// At most 30 messages in any second overall, 20 in any minute to a group, and to a chat 1 a second after a burst of 20.
        case telegram
        /// Only what a 429 says.
        case none
    }

    static let overallPerSecondMax = 30
    static let groupPerMinuteMax = 20
    static let chatBurstMax = 20
    static let chatInterval: Duration = .seconds(1)
    /// How many chats may be remembered before the idle ones are looked for.
    static let chatsBeforeSweep = 256

    private struct ChatState {
        /// When the chat's burst is whole again: each message moves it on by one interval.
        var recoveredAt: Duration = .zero
        var pausedUntil: Duration = .zero
        var group = SlidingWindow(limit: groupPerMinuteMax, period: .seconds(60))
    }

    public let limits: Limits
    private var chats: [Int64: ChatState] = [:]
    private var overall = SlidingWindow(limit: overallPerSecondMax, period: .seconds(1))
    private var pausedUntil: Duration = .zero
    private var sweepAt = chatsBeforeSweep

    public init(_ limits: Limits) { self.limits = limits }

    /// How many chats are remembered now.
    public var chatsRemembered: Int { chats.count }

    /// Takes the next free place for a message to `chat` and answers how long to wait before sending it; places of one chat come in the
    /// order of the calls. A place that is not used is lost, which only slows later ones.
    ///
    /// A 429 may come between this call and the end of the wait: look at ``pause(chat:now:)`` right before sending.
    public mutating func reserve(chat id: Int64, isGroup: Bool, now: Duration) -> Duration {
        forgetIdle(now: now)
        var chat = chats[id] ?? ChatState()
        var time = max(now, pausedUntil, chat.pausedUntil)
        guard limits == .telegram else { return time - now }
        time = max(time, chat.recoveredAt - Self.chatInterval * (Self.chatBurstMax - 1))
        while true {
            let free = overall.earliest(from: isGroup ? chat.group.earliest(from: time) : time)
            if free == time { break }
            time = free
        }
        chat.recoveredAt = max(chat.recoveredAt, time) + Self.chatInterval
        if isGroup { chat.group.take(time) }
        overall.take(time)
        chats[id] = chat
        return time - now
    }

    /// A 429 was answered: nothing is sent to `chat`, or to any chat if it is nil, for `retryAfter`.
    public mutating func tooManyRequests(chat id: Int64?, retryAfter: Duration, now: Duration) {
        if let id {
            let until = max(chats[id]?.pausedUntil ?? .zero, now + retryAfter)
            chats[id, default: ChatState()].pausedUntil = until
        } else {
            pausedUntil = max(pausedUntil, now + retryAfter)
        }
    }

    /// How much longer a 429 forbids sending to `chat`.
    public func pause(chat id: Int64, now: Duration) -> Duration {
        max(.zero, max(pausedUntil, chats[id]?.pausedUntil ?? .zero) - now)
    }

    private mutating func forgetIdle(now: Duration) {
        overall.forget(now: now)
        guard chats.count >= sweepAt else { return }
        for id in Array(chats.keys) {
            guard var chat = chats[id] else { continue }
            chat.group.forget(now: now)
            let isIdle = chat.group.isEmpty && chat.recoveredAt <= now && chat.pausedUntil <= now
            chats[id] = isIdle ? nil : chat
        }
        // Twice what is left, so that sweeping costs each reservation a constant.
        sweepAt = max(Self.chatsBeforeSweep, chats.count * 2)
    }
}
