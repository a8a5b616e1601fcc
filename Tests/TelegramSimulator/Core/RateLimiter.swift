/// Limits on the bot's messages. Telegram does not publish its limits. Its FAQ advises the numbers 30, 20 and one a
/// second; the length of a burst is an assumption.
///
/// Unlike these, Telegram's limits change, cover other calls, too, and answer a bot that continues with much longer
/// waits.
public struct SimulatedRateLimits: Sendable, Equatable {
    /// Messages to all chats together within one second.
    public var overallPerSecond = 30
    /// Messages to one group within one minute.
    public var groupPerMinute = 20
    /// Messages to one chat in a burst; after that one a second.
    public var chatBurst = 20

    public init(overallPerSecond: Int = 30, groupPerMinute: Int = 20, chatBurst: Int = 20) {
        self.overallPerSecond = overallPerSecond
        self.groupPerMinute = groupPerMinute
        self.chatBurst = chatBurst
    }
}

/// Counts messages against the limits.
struct RateLimiter: Sendable {
    let limits: SimulatedRateLimits
    private var overall: [Duration] = []
    private var byGroup: [Int64: [Duration]] = [:]
    /// The time at which a chat's bucket is full again; each message delays it by a second.
    private var chatFullAt: [Int64: Duration] = [:]

    init(_ limits: SimulatedRateLimits) { self.limits = limits }

    /// Counts a message to `chat`.
    /// - Returns: nil if it may pass, else the number of seconds until the next attempt; then it is not counted.
    mutating func admit(chat: Int64, at now: Duration) -> Int? {
        overall.removeAll { $0 + .seconds(1) <= now }
        byGroup[chat]?.removeAll { $0 + .seconds(60) <= now }
        if overall.count >= limits.overallPerSecond { return 1 }
        if chat < 0, let sent = byGroup[chat], sent.count >= limits.groupPerMinute, let oldest = sent.first {
            return Self.wholeSeconds(oldest + .seconds(60) - now)
        }
        let fullAt = max(chatFullAt[chat] ?? now, now)
        if fullAt - now > .seconds(limits.chatBurst - 1) {
            return Self.wholeSeconds(fullAt - now - .seconds(limits.chatBurst - 1))
        }
        overall.append(now)
        if chat < 0 { byGroup[chat, default: []].append(now) }
        chatFullAt[chat] = fullAt + .seconds(1)
        return nil
    }

    private static func wholeSeconds(_ duration: Duration) -> Int {
        let (seconds, attoseconds) = duration.components
        return Int(seconds) + (attoseconds > 0 ? 1 : 0)
    }
}
