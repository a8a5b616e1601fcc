/// When a message may be sent, by Telegram's limits and by its 429 responses. No clock: the caller's time must never go
/// back.
///
/// A message takes a place in a limit at the moment it is sent. Places are never reserved, so none can be lost.
/// Memory is bounded by the messages sent within the last minute: a chat without a recent message or a pause is
/// forgotten.
struct SendPlaces: Sendable {
    /// The longest pause that a 429 can cause. After it we try again; if Telegram still wants us to wait, it sends
    /// another 429.
    static let pauseMax: Duration = .seconds(300)
    /// If this many chats in a row get a 429 within a second, the limit is not a single chat's.
    static let chatsToldMax = 3
    static let toldTogetherWithin: Duration = .seconds(1)
    /// Idle chats are removed only when at least this many are remembered.
    static let chatsBeforeSweep = 256

    private struct Chat {
        /// When the chat may get a full burst again. Each message moves this one interval later.
        var recoveredAt: Duration = .zero
        var pausedUntil: Duration = .zero
        var group = SendWindow(limit: SendLimits.groupMax, period: SendLimits.groupPeriod)
    }

    let limits: SendLimits
    private var chats: [Int64: Chat] = [:]
    private var overall = SendWindow(limit: SendLimits.overallMax, period: SendLimits.overallPeriod)
    private var pausedUntil: Duration = .zero
    /// The chats that got a 429 since the last message that did not get one.
    private var told: [(chat: Int64, at: Duration)] = []
    private var sweepAt = chatsBeforeSweep

    init(_ limits: SendLimits) { self.limits = limits }

    var chatsRemembered: Int { chats.count }

    /// The first time from `now` on at which a message may go to any chat.
    func earliest(_ now: Duration) -> Duration {
        let unpaused = max(now, pausedUntil)
        return limits == .telegram ? overall.earliest(unpaused) : unpaused
    }

    /// The first time from `now` on at which this chat may get a message, by the chat's own limits alone.
    func earliest(inChat id: Int64, isGroup: Bool, _ now: Duration) -> Duration {
        guard let chat = chats[id] else { return now }
        let pausedUntil = plantedBug(.pauseIgnored) ? .zero : chat.pausedUntil
        let unpaused = max(now, pausedUntil)
        guard limits == .telegram else { return unpaused }
        let burst = SendLimits.chatInterval * (SendLimits.chatBurstMax - 1) - SendLimits.chatSlack
        let time = max(unpaused, chat.recoveredAt - burst)
        return isGroup && !plantedBug(.groupLimitForgotten) ? chat.group.earliest(time) : time
    }

    /// Counts a message that is sent to the chat now.
    mutating func take(_ id: Int64, isGroup: Bool, _ now: Duration) {
        guard limits == .telegram else { return }
        forgetIdle(now)
        var chat = chats[id] ?? Chat()
        chat.recoveredAt = max(chat.recoveredAt, now) + SendLimits.chatInterval
        if isGroup { chat.group.take(now) }
        chats[id] = chat
        overall.take(now)
    }

    /// Gives back the place taken at `time` by a message that had no effect: Telegram does not count it.
    ///
    /// - Parameter wasRefused: Telegram read the request. It keeps its place in the overall limit, which bounds such
    ///   requests even if a thousand people have blocked the bot.
    mutating func giveBack(_ id: Int64, isGroup: Bool, _ time: Duration, wasRefused: Bool = false) {
        guard limits == .telegram, !plantedBug(.placesLost) else { return }
        if !wasRefused { overall.giveBack(time) }
        guard var chat = chats[id] else { return }
        if chat.recoveredAt > time { chat.recoveredAt -= SendLimits.chatInterval }
        if isGroup { chat.group.giveBack(time) }
        chats[id] = chat
    }

    /// A message got a response other than a 429.
    mutating func letThrough() { told = [] }

    /// A message to this chat got a 429. The chat gets nothing until the pause ends. If other chats got a 429 just now
    /// too, no chat gets anything.
    mutating func tooManyRequests(_ id: Int64, retryAfter: Duration, _ now: Duration) {
        let pause = pause(retryAfter)
        chats[id, default: Chat()].pausedUntil = now + pause
        told.removeAll { $0.chat == id || $0.at + Self.toldTogetherWithin < now }
        told.append((id, now))
        if told.count >= Self.chatsToldMax, !plantedBug(.pauseNotShared) { pausedUntil = max(pausedUntil, now + pause) }
    }

    /// A call that concerns no chat got a 429.
    mutating func tooManyRequests(retryAfter: Duration, _ now: Duration) {
        pausedUntil = max(pausedUntil, now + pause(retryAfter))
    }

    private func pause(_ retryAfter: Duration) -> Duration {
        plantedBug(.pauseUncapped) ? retryAfter : min(max(retryAfter, .milliseconds(100)), Self.pauseMax)
    }

    private mutating func forgetIdle(_ now: Duration) {
        guard chats.count >= sweepAt else { return }
        chats = chats.filter { $0.value.recoveredAt > now || $0.value.pausedUntil > now || !$0.value.group.isIdle(now) }
        // Twice the chats that are left, so that sweeping costs a constant time per message.
        sweepAt = max(Self.chatsBeforeSweep, chats.count * 2)
    }
}
