import Sending

/// What must be true of sending, and what was seen of it.
final class SendingModel {
    struct Update {
        var lane: SimulatedLane
        var content: SimulatedContent
        var policy: SendPolicy
        var arrivedAt: Duration
        /// When its reply was handed over first.
        var handedAt: Duration?
        var isApplied = false
        var isSettled = false
        /// Whether the owner was told that it can never be sent.
        var isDropped = false
        /// How often Telegram took it, and when first.
        var effects = 0
        var firstEffectAt: Duration?
        /// Tries with an unknown outcome, told as such or ended by a crash.
        var unknowns = 0
        var unknownsInOutage = 0
        var lastUnknownAt: Duration?
        /// Crashes during a try of this reply while no row held it: after the restart, its update brings it again.
        var crashesUnstored = 0
        var isInFlight = false
        /// Whether any process was told that it was sent.
        var isSent = false
        /// How often this process was told that it was sent.
        var toldSent = 0
    }

    /// In the order of arrival.
    private(set) var updates: [Int64: Update] = [:]
    private(set) var byLane: [SimulatedLane: [Int64]] = [:]
    private(set) var violation: String?
    /// What this process was told of 429s.
    private var toldUntil: [Int64: Duration] = [:]
    private var epochBegan: Duration = .zero

    func violated(_ what: @autoclosure () -> String) { if violation == nil { violation = what() } }

    func arrived(_ id: Int64, _ update: Update) {
        updates[id] = update
        byLane[update.lane, default: []].append(id)
    }

    func change(_ id: Int64, _ body: (inout Update) -> Void) {
        guard var update = updates[id] else { return }
        body(&update)
        updates[id] = update
    }

    // MARK: - What is seen

    func begun(_ item: SimulatedItem, _ form: SendForm, _ now: Duration) {
        let id = item.updateID
        guard let update = updates[id] else { return }
        if update.isInFlight { violated("\(id) is tried twice at a time") }
        if item.policy == .message, let last = update.lastUnknownAt, now - last < .seconds(100) {
            violated("\(id) is sent again \(now - last) after an unknown outcome")
        }
        if item.policy != .tapAnswer, let until = toldUntil[form.chatID], until > now {
            violated("\(id) is sent although Telegram asked to wait until \(until)")
        }
        if update.unknowns > 0, update.content.isPrompt, item.policy == .message, hasLaterUnknown(id, update) {
            violated("the question \(id) is asked again below a later message")
        }
        change(id) { $0.isInFlight = true }
    }

    /// Whether a later message of the lane may have been shown, too, and waits to be sent again.
    private func hasLaterUnknown(_ id: Int64, _ update: Update) -> Bool {
        (byLane[update.lane] ?? []).contains { later in
            guard later > id, let other = updates[later], other.policy == .message else { return false }
            return (1..<3).contains(other.unknowns) && !other.isDropped && !other.isSent
        }
    }

    func taken(_ item: SimulatedItem, _ now: Duration) {
        change(item.updateID) { update in
            update.effects += 1
            update.firstEffectAt = update.firstEffectAt ?? now
        }
        guard let update = updates[item.updateID] else { return }
        if item.policy == .message, update.effects > 3 + update.crashesUnstored {
            violated("\(item.updateID) was sent \(update.effects) times")
        }
        if update.effects == 1, item.policy == .message { checkOrder(item.updateID, update) }
    }

    private func checkOrder(_ id: Int64, _ update: Update) {
        for earlier in byLane[update.lane] ?? [] where earlier < id {
            guard let other = updates[earlier], other.policy == .message, other.effects == 0, other.handedAt != nil,
                !other.isDropped, other.unknowns == 0, other.crashesUnstored == 0,
                other.content.words != update.content.words, !repeatsAnEarlierOne(earlier, other)
            else { continue }
            violated("\(id) was sent before \(earlier)")
        }
    }

    /// Whether the person was, or is, told the same by the reply to an earlier update.
    private func repeatsAnEarlierOne(_ id: Int64, _ update: Update) -> Bool {
        (byLane[update.lane] ?? []).contains { $0 < id && updates[$0]?.content.words == update.content.words }
    }

    func ended(_ item: SimulatedItem, _ form: SendForm, _ outcome: SendOutcome, isOutage: Bool, _ now: Duration) {
        change(item.updateID) { update in
            update.isInFlight = false
            if outcome == .sent {
                update.isSent = true
                update.toldSent += 1
            }
            guard outcome == .unknown else { return }
            update.unknowns += 1
            update.lastUnknownAt = now
            if isOutage { update.unknownsInOutage += 1 }
        }
        if let update = updates[item.updateID], update.toldSent > 1 {
            violated("\(item.updateID) was sent again although it was known to be sent")
        }
        if let update = updates[item.updateID], item.policy == .message, update.unknownsInOutage > 1 {
            violated("\(item.updateID) was tried \(update.unknownsInOutage) times while nothing was answered")
        }
        if item.policy != .tapAnswer, case .tooManyRequests(let wait) = outcome {
            toldUntil[form.chatID] = now + min(wait, .seconds(300))
        }
    }

    func outageEnded() { for id in updates.keys { change(id) { $0.unknownsInOutage = 0 } } }

    /// The next process found this in a row. An interrupted write of the process before may have taken effect since.
    func tookOver(_ id: Int64, tries: Int) {
        change(id) { $0.unknowns = max($0.unknowns, tries) }
    }

    /// The process is about to end in order, and nothing is under way.
    ///
    /// - Parameter counted: the tries that the rows tell of.
    func stopped(counted: (Int64) -> Int?) {
        for (id, update) in updates.sorted(by: { $0.key < $1.key }) {
            guard let tries = counted(id), tries > update.unknowns else { continue }
            violated("\(id) counts \(tries) tries after an end in order, and had \(update.unknowns)")
        }
    }

    /// The process died.
    ///
    /// - Parameter counted: the tries that the rows tell of.
    func crashed(_ now: Duration, counted: (Int64) -> Int?) {
        toldUntil = [:]
        for (id, update) in updates where update.handedAt != nil {
            let tries = counted(id)
            if update.isInFlight, tries == nil { change(id) { $0.crashesUnstored += 1 } }
            // What no row tells of them is lost with the process.
            let lost = update.isSettled ? 0 : max(0, update.unknowns - (tries ?? 0))
            change(id) { ($0.crashesUnstored, $0.unknowns) = ($0.crashesUnstored + lost, $0.unknowns - lost) }
            if tries == nil || lost > 0 { change(id) { $0.unknownsInOutage = 0 } }
            if let tries, tries > update.unknowns { change(id) { $0.unknowns = tries } }
            if update.isSettled, !update.isDropped, update.effects == 0, tries == nil, update.unknowns == 0,
                update.policy == .message, !isSaidOtherwise(id, counted)
            {
                violated("\(id) is settled, and neither sent nor stored at a crash")
            }
            change(id) {
                $0.isInFlight = false
                $0.toldSent = 0
                $0.lastUnknownAt = nil
            }
        }
        epochBegan = now
    }

    /// Whether the same words were said, or will be, by the reply to another update.
    private func isSaidOtherwise(_ id: Int64, _ counted: (Int64) -> Int?) -> Bool {
        guard let update = updates[id], let handedAt = update.handedAt else { return false }
        return (byLane[update.lane] ?? []).contains { other in
            guard other != id, let that = updates[other], that.content.words == update.content.words else {
                return false
            }
            // It may have been dropped since, or have become needless as this one would.
            let isGone = that.handedAt != nil && (that.isDropped || (that.unknowns > 0 && that.content.isPrompt))
            return isGone || counted(other) != nil || (that.firstEffectAt.map { $0 >= handedAt } ?? false)
        }
    }

    // MARK: - At the end

    func finish(isBlocked: (Int64) -> Bool, rows: [SimulatedLane: [SimulatedRow]]) {
        for lane in rows.keys.sorted(by: { ($0.chat, $0.user) < ($1.chat, $1.user) }) {
            if let row = rows[lane], !row.isEmpty { violated("\(row.count) replies are still stored for \(lane)") }
        }
        for (id, update) in updates.sorted(by: { $0.key < $1.key }) where update.effects == 0 {
            guard update.policy != .passing, !isBlocked(update.lane.chat), update.unknowns < update.policy.limit,
                !isSaidOtherwise(id, { _ in nil })
            else { continue }
            // A question that may have been shown is not asked again when a later message was.
            if update.content.isPrompt, update.unknowns > 0, isFollowed(id, update) { continue }
            if update.policy == .tapAnswer, update.isDropped { continue }
            violated("\(id) was never sent (handed over at \(update.handedAt.map { "\($0)" } ?? "no time"))")
        }
    }

    private func isFollowed(_ id: Int64, _ update: Update) -> Bool {
        (byLane[update.lane] ?? []).contains { $0 > id && (updates[$0]?.effects ?? 0) > 0 }
    }
}

extension SendPolicy {
    fileprivate var limit: Int {
        switch self {
        case .message: 3
        case .edit, .tapAnswer: 6
        case .passing: 1
        }
    }
}
