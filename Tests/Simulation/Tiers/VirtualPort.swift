import Contracts
import Persistence

/// One process's way to a virtual tier: what is asked arrives later, if it does, and so do the answers.
final class VirtualPort<Record: SimulatedRecord>: TierPort {
    typealias Plan = (_ after: Duration, _ action: @escaping () -> Void) -> Void

    private struct Connection {
        var link: Int
        /// When the last thing that was asked arrives, and the last answer does.
        var lastArrival = Duration.zero
        var lastAnswer = Duration.zero
        /// Nothing that was asked arrives from here on.
        var isCut = false
    }

    private static var connectDeadline: Duration { .seconds(30) }

    private let tier: VirtualTier<Record>
    private let clock: VirtualClock
    private let dice: Dice
    private let plan: Plan
    private let note: (() -> String) -> Void
    private let written: (Record) -> Void
    private let report: (Int, TierEvent<Record>) -> Void
    /// What becomes of connections that were given up: they may still be at work.
    private var connections: [Int: Connection] = [:]
    private var current: Int?
    private(set) var isProcessGone = false

    init(
        _ tier: VirtualTier<Record>, clock: VirtualClock, dice: Dice, plan: @escaping Plan,
        note: @escaping (() -> String) -> Void, written: @escaping (Record) -> Void,
        report: @escaping (Int, TierEvent<Record>) -> Void
    ) {
        self.tier = tier
        self.clock = clock
        self.dice = dice
        self.plan = plan
        self.note = note
        self.written = written
        self.report = report
    }

    private var latency: Duration {
        switch tier.condition {
        case .slow: dice.time(100...2_000)
        case .up, .blackholed, .refusing, .readOnly, .flaky: dice.time(1...30)
        }
    }

    private func deliver(_ link: Int, _ event: TierEvent<Record>) {
        guard !isProcessGone, current == link else { return }
        switch event {
        case .connected(let contact), .answered(_, .touched(let contact)): tier.visitTold = contact.visit
        case .lost, .answered: break
        }
        report(link, event)
    }

    // MARK: Contact

    func connect(link: Int, mark: Int64) {
        current = link
        connections[link] = Connection(link: link)
        plan(latency) { [self] in
            guard connections[link] != nil else { return }
            switch tier.condition {
            case .refusing: lost(link, "refused")
            case .readOnly: lost(link, "read only")
            case .blackholed: plan(Self.connectDeadline) { [self] in lost(link, "no answer") }
            case .up, .slow, .flaky:
                if tier.condition == .flaky, dice.chance(0.2) { return lost(link, "reset before contact") }
                let (contact, changes) = (tier.met(mark: mark), tier.changes)
                plan(latency) { [self] in
                    if tier.condition == .flaky, dice.chance(0.2) { return lost(link, "reset after contact") }
                    if !isProcessGone, current == link {
                        tier.changesKnown = changes
                        tier.meetings += 1
                    }
                    deliver(link, .connected(contact))
                }
            }
        }
    }

    func disconnect(link: Int) {
        if current == link { current = nil }
        // What was sent may be on its way for long.
        if dice.chance(0.5) { connections[link]?.isCut = true }
    }

    func giveUp(link: Int) { disconnect(link: link) }

    private func lost(_ link: Int, _ reason: String) {
        connections[link]?.isCut = true
        deliver(link, .lost(reason: reason))
        // The store is done with it, whatever still arrives.
        if current == link { current = nil }
    }

    /// Every connection that there is ends now.
    func reset() {
        if let current, connections[current] != nil { plan(dice.time(0...20)) { [self] in lost(current, "reset") } }
    }

    func processEnded() {
        isProcessGone = true
        (tier.visitTold, tier.visitAsked) = (nil, nil)
        if let current, dice.chance(0.5) { connections[current]?.isCut = true }
    }

    // MARK: Requests

    func write(_ records: [Record], makingWay: Bool, link: Int, request: Int) {
        note { "\(link) is asked \(request): \(makingWay ? "make way and " : "")write \(records.map(\.line))" }
        records.forEach(written)
        ask(link, request, isWrite: true) { $0.write(records, makingWay: makingWay) }
    }

    func readPage(after key: Record.Key?, newerThan revision: Revision, limit: Int, link: Int, request: Int) {
        ask(link, request, isWrite: false) { $0.page(after: key, newerThan: revision, limit: limit) }
    }

    func findRival(of record: Record, link: Int, request: Int) {
        ask(link, request, isWrite: false) { $0.rival(of: record) }
    }

    func touch(visit: Int64, next: Int64, link: Int, request: Int) {
        tier.visitAsked = next
        ask(link, request, isWrite: true) { $0.touched(visit: visit, next: next) }
    }

    func prune(before moment: Timestamp, limit: Int, link: Int, request: Int) {
        ask(link, request, isWrite: true) { $0.prune(before: moment, limit: limit) }
    }

    private func ask(
        _ link: Int, _ request: Int, isWrite: Bool, _ question: @escaping (VirtualTier<Record>) -> TierAnswer<Record>
    ) {
        guard var connection = connections[link], current == link else {
            return plan(.zero) { [self] in deliver(link, .lost(reason: "closed")) }
        }
        connection.lastArrival = max(connection.lastArrival, clock.elapsed + latency)
        connections[link] = connection
        plan(connection.lastArrival - clock.elapsed) { [self] in arrived(link, request, isWrite, question) }
    }

    private func arrived(
        _ link: Int, _ request: Int, _ isWrite: Bool, _ question: (VirtualTier<Record>) -> TierAnswer<Record>
    ) {
        guard var connection = connections[link], !connection.isCut else { return }
        switch tier.condition {
        case .refusing: return lost(link, "reset")
        case .readOnly: if isWrite { return lost(link, "read only") }
        case .flaky: if dice.chance(0.1) { return lost(link, "reset before the commit") }
        case .blackholed:
            // The server may be alive, and its answers do not come through.
            if dice.chance(0.5) { _ = question(tier) }
            connections[link]?.isCut = true
            return
        case .up, .slow: break
        }
        let answer = question(tier)
        note { "\(link) does \(request): \(answer.summary)" }
        if tier.condition == .flaky, dice.chance(0.1) {
            tier.count("answer lost after the commit")
            return lost(link, "reset after the commit")
        }
        connection.lastAnswer = max(connection.lastAnswer, clock.elapsed + latency)
        connections[link] = connection
        plan(connection.lastAnswer - clock.elapsed) { [self] in
            guard connections[link]?.isCut == false else { return }
            if tier.condition == .blackholed {
                connections[link]?.isCut = true
                return
            }
            deliver(link, .answered(request: request, answer))
        }
    }
}
