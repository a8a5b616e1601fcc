import Sending

/// A Bot API server under virtual time: its limits, its pauses and its faults.
final class VirtualTelegram {
    enum Fault: String, CaseIterable {
        /// It cannot be reached.
        case unreachable
        /// 502, without effect and with it.
        case badGateway, badGatewayAfterEffect
        /// The answer comes late.
        case slow
    }

    private static let chatBurst = 20

    let dice: Dice
    let hasLimits: Bool
    /// Of all calls: nothing works.
    var outage: Fault?
    /// Of some messages.
    var faultShare = 0.0
    var pausedUntil: Duration = .zero
    var chatPausedUntil: [Int64: Duration] = [:]
    /// Whether `retry_after` says a day whatever is true.
    var isLying = false
    var blocked: Set<Int64> = []
    var migrated: [Int64: Int64] = [:]
    /// Refusals by the limits, and by pauses.
    private(set) var limited = 0
    private(set) var pausedCount = 0
    private var overall: [Duration] = []
    private var groups: [Int64: [Duration]] = [:]
    private var fullAt: [Int64: Duration] = [:]

    init(_ dice: Dice, hasLimits: Bool) {
        self.dice = dice
        self.hasLimits = hasLimits
    }

    struct Answer {
        var outcome: SendOutcome
        var isTaken = false
        /// Beyond the way to us.
        var delay: Duration = .zero
    }

    func probe(_ now: Duration) -> Answer {
        switch outage {
        case nil: Answer(outcome: pausedUntil > now ? told(pausedUntil, now) : .sent)
        case .slow: Answer(outcome: .sent, delay: .seconds(dice.number(1...20)))
        case .unreachable: Answer(outcome: .notSent)
        case .badGateway, .badGatewayAfterEffect: Answer(outcome: .unknown)
        }
    }

    /// A message arrives.
    func message(_ item: SimulatedItem, _ form: SendForm, _ now: Duration) -> Answer {
        let fault = outage ?? (dice.chance(faultShare) ? dice.one(of: Fault.allCases) : nil)
        switch fault {
        case .unreachable: return Answer(outcome: .notSent)
        case .badGateway: return Answer(outcome: .unknown)
        case nil, .badGatewayAfterEffect, .slow: break
        }
        var answer = taken(item, form, now)
        if fault == .badGatewayAfterEffect { answer.outcome = .unknown }
        if fault == .slow {
            // One that takes longer than the request's time-out is an unknown outcome.
            let seconds = dice.number(1...40)
            answer.delay = .seconds(min(seconds, 30))
            if seconds >= 30 { answer.outcome = .unknown }
        }
        return answer
    }

    private func taken(_ item: SimulatedItem, _ form: SendForm, _ now: Duration) -> Answer {
        if item.policy == .tapAnswer { return Answer(outcome: .sent, isTaken: true) }
        if let new = migrated[form.chatID] { return Answer(outcome: .refused(.migrated(to: new))) }
        if blocked.contains(form.chatID) { return Answer(outcome: .refused(.everything)) }
        if item.content.hasThread, !form.isWithoutThread { return Answer(outcome: .refused(.thread)) }
        if item.content.hasBadMarkup, !form.isPlain { return Answer(outcome: .refused(.content)) }
        let paused = max(pausedUntil, chatPausedUntil[form.chatID] ?? .zero)
        if paused > now {
            pausedCount += 1
            return Answer(outcome: told(paused, now))
        }
        if hasLimits, let until = limit(form.chatID, now) {
            limited += 1
            return Answer(outcome: told(until, now))
        }
        return Answer(outcome: .sent, isTaken: true)
    }

    private func told(_ until: Duration, _ now: Duration) -> SendOutcome {
        let seconds = (until - now).components.seconds + 1
        return .tooManyRequests(retryAfter: isLying ? .seconds(86_400) : .seconds(seconds))
    }

    /// Until when it is too early; nil if the message was counted.
    private func limit(_ chat: Int64, _ now: Duration) -> Duration? {
        overall.removeAll { $0 + .seconds(1) <= now }
        groups[chat]?.removeAll { $0 + .seconds(60) <= now }
        if overall.count >= 30 { return overall[0] + .seconds(1) }
        if chat < 0, let sent = groups[chat], sent.count >= 20 { return sent[0] + .seconds(60) }
        let full = max(fullAt[chat] ?? now, now)
        if full - now > .seconds(Self.chatBurst - 1) { return full - .seconds(Self.chatBurst - 1) }
        overall.append(now)
        if chat < 0 { groups[chat, default: []].append(now) }
        fullAt[chat] = full + .seconds(1)
        return nil
    }
}
