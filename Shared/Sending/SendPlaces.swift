/// When a message may be sent by Telegram's limits and by what its 429s said. No clock: time never goes back.
///
/// A place in a limit is taken only by a message that is sent at that moment. There is no reservation, so no place can be lost.
/// Memory is bounded by what was sent within the last minute: a chat without a message or a pause is forgotten.
struct SendPlaces: Sendable {
    /// The longest pause that an answer can cause. When it is over we try again, and are told again.
    static let pauseMax: Duration = .seconds(300)
    /// When so many chats in a row are told to wait within a second, the limit is not one chat's.
    static let chatsToldMax = 3
    static let toldTogetherWithin: Duration = .seconds(1)
    /// How many chats are remembered before the idle ones are looked for.
    static let chatsBeforeSweep = 256

    private struct Chat {
        /// When the chat's burst is whole again: each message moves it on by one interval.
        var recoveredAt: Duration = .zero
        var pausedUntil: Duration = .zero
        var group = SendWindow(limit: SendLimits.groupMax, period: SendLimits.groupPeriod)
    }

    let limits: SendLimits
    private var chats: [Int64: Chat] = [:]
    private var overall = SendWindow(limit: SendLimits.overallMax, period: SendLimits.overallPeriod)
    private var pausedUntil: Duration = .zero
    /// The chats that were told to wait, since the last message that was not.
    private var told: [(chat: Int64, at: Duration)] = []
    private var sweepAt = chatsBeforeSweep

    init(_ limits: SendLimits) { self.limits = limits }

    var chatsRemembered: Int { chats.count }

    /// The first time from `now` on at which a message may go to any chat.
    func earliest(_ now: Duration) -> Duration {
        let unpaused = max(now, pausedUntil)
        return limits == .telegram ? overall.earliest(unpaused) : unpaused
    }

    /// The first time from `now` on at which the chat itself may get a message, whatever others get.
    func earliest(inChat id: Int64, isGroup: Bool, _ now: Duration) -> Duration {
        guard let chat = chats[id] else { return now }
        let pausedUntil = plantedBug(.pauseIgnored) ? .zero : chat.pausedUntil
        let unpaused = max(now, pausedUntil)
        guard limits == .telegram else { return unpaused }
        let burst = SendLimits.chatInterval * (SendLimits.chatBurstMax - 1) - SendLimits.chatSlack
        let time = max(unpaused, chat.recoveredAt - burst)
        return isGroup && !plantedBug(.groupLimitForgotten) ? chat.group.earliest(time) : time
    }

    /// A message to the chat is sent now.
    mutating func take(_ id: Int64, isGroup: Bool, _ now: Duration) {
        guard limits == .telegram else { return }
        forgetIdle(now)
        var chat = chats[id] ?? Chat()
        chat.recoveredAt = max(chat.recoveredAt, now) + SendLimits.chatInterval
        if isGroup { chat.group.take(now) }
        chats[id] = chat
        overall.take(now)
    }

    /// The message that took a place at `time` took no effect, and is not counted by Telegram.
    ///
    /// - Parameter wasRefused: it was read all the same. Such requests stay bounded, also when a thousand people have blocked us.
    mutating func giveBack(_ id: Int64, isGroup: Bool, _ time: Duration, wasRefused: Bool = false) {
        guard limits == .telegram, !plantedBug(.placesLost) else { return }
        if !wasRefused { overall.giveBack(time) }
        guard var chat = chats[id] else { return }
        if chat.recoveredAt > time { chat.recoveredAt -= SendLimits.chatInterval }
        if isGroup { chat.group.giveBack(time) }
        chats[id] = chat
    }

    /// A message was answered, and not with a 429.
    mutating func letThrough() { told = [] }

    /// A 429 was answered: nothing is sent to the chat meanwhile, nor to any chat when others were told the same just now.
    mutating func tooManyRequests(_ id: Int64, retryAfter: Duration, _ now: Duration) {
        let pause = pause(retryAfter)
        chats[id, default: Chat()].pausedUntil = now + pause
        told.removeAll { $0.chat == id || $0.at + Self.toldTogetherWithin < now }
        told.append((id, now))
        if told.count >= Self.chatsToldMax, !plantedBug(.pauseNotShared) { pausedUntil = max(pausedUntil, now + pause) }
    }

    /// A 429 that concerns no chat.
    mutating func tooManyRequests(retryAfter: Duration, _ now: Duration) {
        pausedUntil = max(pausedUntil, now + pause(retryAfter))
    }

    private func pause(_ retryAfter: Duration) -> Duration {
        plantedBug(.pauseUncapped) ? retryAfter : min(max(retryAfter, .milliseconds(100)), Self.pauseMax)
    }

    private mutating func forgetIdle(_ now: Duration) {
        guard chats.count >= sweepAt else { return }
        chats = chats.filter { $0.value.recoveredAt > now || $0.value.pausedUntil > now || !$0.value.group.isIdle(now) }
        // Twice what is left, so that sweeping costs each message a constant.
        sweepAt = max(Self.chatsBeforeSweep, chats.count * 2)
    }
}
