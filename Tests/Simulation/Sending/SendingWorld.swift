import Sending

/// A gateway with its lanes, a state-service and a Telegram, under virtual time.
final class SendingWorld {
    let dice: Dice
    /// What a service message told. A later process learns it from the state-service, some time after its start.
    private var toldMigrations: [Int64: Int64] = [:]
    let story: SendingStory
    let telegram: VirtualTelegram
    let model = SendingModel()
    var trace: ((String) -> Void)?
    private(set) var now: Duration = .zero
    private(set) var eventsDone = 0
    private(set) var counts: [String: Int] = [:]
    private var events = EventQueue()

    // The state-service.
    var rows: [SimulatedLane: [SimulatedRow]] = [:]
    var isStoreAway = false
    var isMemoryOnly = false
    private(set) var writesDone = 0

    // The process.
    private var queue: SimulatedQueue?
    /// Between a SIGTERM and the end.
    private var isEnding = false
    private var epoch = 0
    /// Updates that each lane has still to work on, in order.
    private var waiting: [SimulatedLane: [Int64]] = [:]
    private var working: Set<SimulatedLane> = []
    /// What is told of which token.
    private var tokens: [Int: Int64] = [:]
    private var wakePlanned: Duration?
    private var nextUpdate: Int64 = 1

    init(_ dice: Dice, _ story: SendingStory) {
        self.dice = dice
        self.story = story
        telegram = VirtualTelegram(dice, hasLimits: story.limits)
    }

    func note(_ line: @autoclosure () -> String) { if let trace { trace("\(now): \(line())") } }
    func count(_ what: String) { counts[what, default: 0] += 1 }

    func plan(after delay: Duration, _ action: @escaping () -> Void) { events.plan(at: now + delay, action) }

    func run(until end: Duration) {
        while model.violation == nil {
            guard let event = events.next() else { break }
            guard event.time <= end else {
                events.plan(at: event.time, event.action)
                break
            }
            now = max(now, event.time)
            eventsDone += 1
            event.action()
        }
        now = max(now, end)
    }

    // MARK: - People

    /// The bot has a reply for a person now.
    func say(_ lane: SimulatedLane, _ content: SimulatedContent, _ policy: SendPolicy = .message) {
        let id = nextUpdate
        nextUpdate += 1
        var content = content
        content.updateID = id
        if content.words.isEmpty { content.words = "reply \(id)" }
        model.arrived(id, .init(lane: lane, content: content, policy: policy, arrivedAt: now))
        waiting[lane, default: []].append(id)
        workOn(lane)
    }

    // MARK: - The process

    func start() {
        let limits: SendLimits = story.limits ? .telegram : .none
        queue = SimulatedQueue(limits)
        wakePlanned = nil
        let stored = rows.filter { !$0.value.isEmpty }
        let epoch = epoch
        for (chat, supergroup) in toldMigrations.sorted(by: { $0.key < $1.key }) {
            plan(after: dice.time(1...3_000)) { [unowned self] in
                if epoch == self.epoch { groupMigrated(chat, to: supergroup) }
            }
        }
        note("a process starts, \(stored.count) lanes are stored")
        // Page by page; the lanes work meanwhile.
        for lane in stored.keys.sorted(by: { ($0.chat, $0.user) < ($1.chat, $1.user) }) {
            plan(after: dice.time(1...50)) { [unowned self] in
                guard epoch == self.epoch, let row = rows[lane] else { return }
                for reply in row { model.tookOver(reply.updateID, tries: reply.tries) }
                queue?.tookOver(lane, row.map { (item(lane, $0), $0.tries) }, now: now)
                act()
            }
        }
        plan(after: .milliseconds(stored.isEmpty ? 2 : 60)) { [unowned self] in
            guard epoch == self.epoch else { return }
            queue?.tookOverAll(now: now)
            act()
        }
        for lane in waiting.keys.sorted(by: { ($0.chat, $0.user) < ($1.chat, $1.user) }) { workOn(lane) }
    }

    private func item(_ lane: SimulatedLane, _ row: SimulatedRow) -> SimulatedItem {
        SimulatedItem(
            lane: lane, chatID: lane.chat, isGroup: lane.isGroup, updateID: row.updateID, policy: row.policy,
            expiresAt: now + .seconds(86_400), content: row.content)
    }

    var isRunning: Bool { queue != nil }

    /// SIGTERM: what is under way may end, for five seconds.
    func stop() {
        guard queue != nil else { return }
        count("stop")
        note("stop")
        isEnding = true
        queue?.stopped(now: now)
        act()
        let epoch = epoch
        plan(after: .seconds(5)) { [unowned self] in
            guard epoch == self.epoch else { return }
            if queue?.isAtRest == true {
                model.stopped { id in
                    guard let lane = self.model.updates[id]?.lane else { return nil }
                    return self.rows[lane]?.first { $0.updateID == id }?.tries
                }
            }
            crash()
        }
    }

    /// kill -9. What is not settled comes again.
    func crash() {
        guard queue != nil else { return }
        count("crash")
        note("crash")
        isEnding = false
        queue = nil
        epoch += 1
        tokens = [:]
        working = []
        let rows = rows
        model.crashed(now) { id in
            guard let lane = self.model.updates[id]?.lane else { return nil }
            return rows[lane]?.first { $0.updateID == id }?.tries
        }
        waiting = [:]
        for (id, update) in model.updates.sorted(by: { $0.key < $1.key }) where !update.isSettled {
            // Telegram keeps a tap no longer.
            if update.policy == .tapAnswer, now - update.arrivedAt > .seconds(140) {
                model.change(id) { ($0.isSettled, $0.isDropped) = (true, true) }
                continue
            }
            waiting[update.lane, default: []].append(id)
        }
    }

    private func workOn(_ lane: SimulatedLane) {
        guard queue != nil, !working.contains(lane), let id = waiting[lane]?.first else { return }
        working.insert(lane)
        let epoch = epoch
        plan(after: dice.time(1...3)) { [unowned self] in
            guard epoch == self.epoch, let update = model.updates[id] else { return }
            // A later update was applied: this one was answered then, says the dialogue.
            let isOvertaken =
                update.isApplied
                && (model.byLane[lane] ?? []).contains { $0 > id && model.updates[$0]?.isApplied == true }
            model.change(id) { $0.isApplied = true }
            if isOvertaken, update.policy != .tapAnswer {
                done(id, lane)
            } else {
                handOver(id, update)
            }
        }
    }

    private func handOver(_ id: Int64, _ update: SendingModel.Update) {
        model.change(id) { $0.handedAt = $0.handedAt ?? now }
        let expires: Duration =
            switch update.policy {
            case .message, .edit: .seconds(86_400)
            case .tapAnswer: .seconds(150)
            case .passing: .seconds(10)
            }
        let token = queue?.handedOver(
            SimulatedItem(
                lane: update.lane, chatID: update.lane.chat, isGroup: update.lane.isGroup, updateID: id,
                policy: update.policy, expiresAt: now + expires, content: update.content), now: now)
        if let token { tokens[token] = id }
        // The lane waits for no tap.
        if update.policy == .tapAnswer { goOn(id, update.lane) }
        act()
    }

    private func goOn(_ id: Int64, _ lane: SimulatedLane) {
        waiting[lane]?.removeAll { $0 == id }
        working.remove(lane)
        workOn(lane)
    }

    private func done(_ id: Int64, _ lane: SimulatedLane) {
        model.change(id) { $0.isSettled = true }
        goOn(id, lane)
    }

    func groupMigrated(_ chat: Int64, to supergroup: Int64) {
        toldMigrations[chat] = supergroup
        queue?.migrated(chat, to: supergroup, now: now)
        act()
    }

    private func act() {
        guard var queue else { return }
        let actions = queue.actions(now: now)
        let wake = queue.wakeAt
        self.queue = queue
        for action in actions { perform(action) }
        guard let wake, wakePlanned.map({ wake < $0 || $0 <= now }) ?? true else { return }
        wakePlanned = wake
        let epoch = epoch
        events.plan(at: max(wake, now + .microseconds(1))) { [unowned self] in
            guard epoch == self.epoch else { return }
            if wakePlanned == wake { wakePlanned = nil }
            act()
        }
    }

    private func perform(_ action: SimulatedQueue.Action) {
        switch action {
        case .send(let id, let item, let form): send(id, item, form)
        case .store(let lane, let row): store(lane, row)
        case .probe: probe()
        case .resolved(let token, let resolution):
            guard let id = tokens.removeValue(forKey: token), let update = model.updates[id] else { return }
            note("\(id) is \(resolution)")
            if resolution == .dropped { model.change(id) { $0.isDropped = true } }
            guard resolution != .stopping else { return }
            model.change(id) { $0.isSettled = true }
            // The lane did not wait for a tap.
            if update.policy != .tapAnswer { goOn(id, update.lane) }
        case .report(let report, let item):
            count("report: \(report)")
            note("\(item.updateID): \(report)")
            if report != .plain { model.change(item.updateID) { $0.isDropped = true } }
        case .sent: break
        }
    }

    private func send(_ id: Int, _ item: SimulatedItem, _ form: SendForm) {
        model.begun(item, form, now)
        count("sent")
        let epoch = epoch
        let back = dice.time(story.latency)
        plan(after: dice.time(story.latency)) { [unowned self] in
            let answer =
                item.policy == .tapAnswer && telegram.outage == nil
                ? .init(outcome: .sent, isTaken: true) : telegram.message(item, form, now)
            note("\(item.updateID) arrives: \(answer.outcome)\(answer.isTaken ? "" : ", not taken")")
            if answer.isTaken { model.taken(item, now) }
            let isOutage = telegram.outage != nil && telegram.outage != .slow
            plan(after: back + answer.delay) { [unowned self] in
                guard epoch == self.epoch else { return }
                count("outcome: \(answer.outcome)".split(separator: "(")[0].description)
                model.ended(item, form, answer.outcome, isOutage: isOutage, now)
                queue?.ended(id, answer.outcome, now: now)
                act()
            }
        }
    }

    private func probe() {
        let epoch = epoch
        let answer = telegram.probe(now)
        count("probe")
        plan(after: dice.time(story.latency) + answer.delay) { [unowned self] in
            guard epoch == self.epoch else { return }
            queue?.probed(answer.outcome, now: now)
            act()
        }
    }

    private func store(_ lane: SimulatedLane, _ row: [SimulatedRow]) {
        let epoch = epoch
        writesDone += 1
        count("write")
        note("stores for \(lane): \(row.map { "\($0.updateID)/\($0.tries)" })")
        plan(after: dice.time(1...20)) { [unowned self] in
            // At a crash the call is broken off: it took effect, or did not.
            let isLost = epoch != self.epoch && dice.chance(0.5)
            if epoch != self.epoch, queue != nil { return }
            if !isLost, !isStoreAway || dice.chance(0.3) { rows[lane] = row }
            plan(after: .milliseconds(1)) { [unowned self] in
                guard epoch == self.epoch else { return }
                queue?.stored(lane, isDurable: !isStoreAway && !isMemoryOnly, now: now)
                act()
            }
        }
    }

    /// What is left to be done.
    var rest: String {
        let lanes = waiting.filter { !$0.value.isEmpty }.map { "\($0.key.user): \($0.value)" }.sorted()
        return "rows \(rows.values.count { !$0.isEmpty }), lanes \(lanes), \(queue?.summary ?? "no process")"
    }

    var isQuiet: Bool {
        !isEnding && queue?.isAtRest == true && queue?.entryCount == 0 && rows.values.allSatisfy(\.isEmpty)
            && waiting.values.allSatisfy(\.isEmpty)
    }
}
