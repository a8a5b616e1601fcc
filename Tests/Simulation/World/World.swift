import Contracts
import Persistence

/// One machine with one store on it, its tiers elsewhere, and those who use it: all under virtual time.
final class World<Table: LocalTable> where Table.Record: SimulatedRecord {
    typealias Record = Table.Record
    typealias Key = Record.Key

    /// Wake-ups at one moment, beyond which the store does not wait but spins.
    private static var wakesAtOnceMax: Int { 100 }

    let dice: Dice
    let scenario: Scenario
    let clock = VirtualClock()
    let model = Model<Record>()
    let disk: VirtualDisk<Record>
    let runtimeDirectory = VirtualRuntimeDirectory<Record>()
    let tiers: [VirtualTier<Record>]
    private(set) var ports: [VirtualPort<Record>] = []
    private(set) var core: StoreCore<Table>?
    private(set) var memory = SharedMemory<Record>(limit: 1)
    private(set) var counts: [String: Int] = [:]
    private(set) var eventsDone = 0
    var trace: ((String) -> Void)?
    /// Called when the store can be asked again.
    var storeStarted: () -> Void = {}

    /// A row that another program deleted.
    private struct Deletion {
        var tombstone: Revision
        var before: Record
    }

    /// Rows that are deleted at once, at least: many more than a visit takes under the lowest bound.
    private static var massMin: Int { 5 }
    /// What another program deleted at once, and no operator decided on.
    private var deletions: [[Key: Deletion]] = []
    private var queue = EventQueue()
    /// What an earlier process held is held again, even if that is more than the bound.
    private var restoredBytes = 0
    private var waiting: [StoreOperation<Table>] = []
    private var isWorkPlanned = false
    private var processes = 0
    private var wakePlannedFor: Duration?
    private var lastWake = Duration.zero
    private var wakesAtOnce = 0

    init(_ dice: Dice, _ scenario: Scenario, path: String) {
        self.dice = dice
        self.scenario = scenario
        disk = VirtualDisk(path: path, dice: dice)
        tiers = scenario.tiers.map { VirtualTier(name: $0, dice: dice) }
        for tier in tiers { tier.pruned = { [unowned self] in pruned($0, "in \(tier.name.rawValue)") } }
    }

    // MARK: Time

    func plan(after delay: Duration, _ action: @escaping () -> Void) {
        queue.plan(at: clock.elapsed + max(.zero, delay), action)
    }

    /// Lets time pass until `moment`, or until something is not as it must be, or `isDone`.
    func run(until moment: Duration, isDone: () -> Bool = { false }) {
        while model.violation == nil, !isDone(), let (time, action) = queue.next() {
            guard time <= moment else {
                queue.plan(at: time, action)
                break
            }
            clock.advance(to: time)
            action()
            eventsDone += 1
            check()
            planWork()
        }
        if model.violation == nil, !isDone() { clock.advance(to: moment) }
    }

    private func planWork() {
        guard let core else { return }
        if !waiting.isEmpty, core.isServing, !isWorkPlanned {
            isWorkPlanned = true
            plan(after: dice.time(0...3)) { [self] in work() }
        }
        guard let wakeAt = core.wakeAt.map(clock.elapsed(at:)) else { return }
        let moment = max(wakeAt, clock.elapsed)
        if let wakePlannedFor, wakePlannedFor <= moment { return }
        wakePlannedFor = moment
        queue.plan(at: moment) { [self] in wake(moment) }
    }

    private func wake(_ moment: Duration) {
        guard wakePlannedFor == moment else { return }
        wakePlannedFor = nil
        guard let core, let wakeAt = core.wakeAt, wakeAt <= clock.instant else { return }
        wakesAtOnce = lastWake == clock.elapsed ? wakesAtOnce + 1 : 0
        lastWake = clock.elapsed
        if wakesAtOnce > Self.wakesAtOnceMax { model.violated("the store spins: \(core.status.summary)") }
        core.tick()
    }

    // MARK: The process

    func start() {
        guard core == nil else { return }
        for tier in tiers {
            // One that an earlier process could not read, and went on without, is not waited for again.
            let wasRead = (disk.committed.progress[tier.name]?.pulledTo ?? .none) > Revision.none.next
            tier.wasTroubled = tier.condition != .up || (tier.wasTroubled && !wasRead)
        }
        memory = SharedMemory(limit: scenario.memoryLimit)
        ports = []
        var named: [(name: TierName, port: any TierPort<Record>)] = []
        for tier in tiers {
            let name = tier.name
            let port = VirtualPort(
                tier, clock: clock, dice: dice, plan: { [unowned self] in plan(after: $0, $1) },
                note: { [unowned self] text in note("\(name.rawValue) \(text())") },
                written: { [unowned self] record in model.saw(record) },
                report: { [unowned self] link, event in
                    note("\(name.rawValue) \(link): \(event.summary)")
                    self.core?.received(event, from: name, link: link)
                })
            ports.append(port)
            named.append((name, port))
        }
        let core = StoreCore<Table>(
            path: disk.path, memory: memory, time: clock.storeTime, policy: scenario.policy, ports: named,
            journal: VirtualJournal(runtimeDirectory), random: dice.generator(for: "store"))
        restoredBytes = runtimeDirectory.records.reduce(0) { $0 + $1.memoryCost }
        note("the store starts")
        do throws(LocalTableError) { try core.open() } catch { model.violated("the store does not open: \(error)") }
        self.core = core
        processes += 1
        wakePlannedFor = nil
        storeStarted()
    }

    /// `kill -9`.
    func crash() {
        guard core != nil else { return }
        count("crash")
        end()
    }

    func stop() {
        guard let core else { return }
        count("stop")
        core.close()
        end()
    }

    private func end() {
        note("the store ends")
        core = nil
        waiting = []
        isWorkPlanned = false
        for port in ports { port.processEnded() }
        disk.released()
        // What a process saw of a tier and could not note, the next one must see again.
        for tier in tiers where tier.changes > 0 {
            if !tier.isAsNoted(disk.committed.progress[tier.name]) { tier.changesKnown = -1 }
        }
        model.storeEnded()
    }

    // MARK: What clients do

    func submit(_ operation: StoreOperation<Table>) {
        guard core != nil else { return }
        waiting.append(operation)
        planWork()
    }

    private func work() {
        guard let core, isWorkPlanned else { return }
        isWorkPlanned = false
        guard core.isServing else { return }
        let batch = waiting
        waiting = []
        note("\(batch.count) operations")
        core.perform(batch)
    }

    // MARK: What goes with time

    /// How much later a thing may have happened than one would say by all that is set right of a clock.
    private static var clockAllowance: Duration { .seconds(300) }
    private static var tombstonesKeptFor: Duration { .seconds(30 * 86_400) }

    /// How far off the clock of a foreign program is.
    func foreignClockError() -> Duration {
        dice.chance(0.6)
            ? dice.time(-3_000...3_000)
            : .seconds(dice.one(of: [-40 * 86_400, -3 * 86_400, -3_600, 3_600, 32_400, 2 * 86_400]))
    }

    /// Has the store and its tiers prune, as a service does from time to time.
    func prune() {
        count("prune")
        submit(
            StoreOperation(
                decide: { [self] transaction in
                    let before = disk.committed.rows
                    guard let turn = try? transaction.prune(keptFor: Self.tombstonesKeptFor, limit: 3) else {
                        return false
                    }
                    for key in turn.keys { if let record = before[key] { pruned(record, "on disk") } }
                    plan(after: .zero) { [self] in core?.pruneTiers(before: turn.horizon) }
                    return true
                }, done: { _ in }, failed: { _ in }))
    }

    /// What was in a tombstone is gone `place`.
    private func pruned(_ record: Record, _ place: String) {
        count("pruned \(place)")
        guard let age = age(of: record), age + Self.clockAllowance < Self.tombstonesKeptFor else { return }
        model.violated("\(record.key): pruned \(place) after \(age)")
    }

    /// A sweep ends `record`.
    func expired(_ record: Record) {
        guard let age = age(of: record), age + Self.clockAllowance < scenario.timeToLive else { return }
        model.violated("\(record.key): swept after \(age) of \(scenario.timeToLive)")
    }

    /// Its age by a perfect clock; nil if no process can know it, because the clock was behind when an earlier process
    /// made it.
    private func age(of record: Record) -> Duration? {
        guard let version = model.version(record.key, record.revision) else { return nil }
        if version.wallOffset < .zero - Self.clockAllowance, version.process != processes { return nil }
        return clock.trueElapsed - version.decidedAt
    }

    /// Whether a tombstone that was the newest of `key` is nowhere any more.
    func isForgotten(_ key: Key) -> Bool {
        guard let revision = model.facts[key]?.promised, revision > .none else { return false }
        return durableCopy(key) >= revision
    }

    // MARK: What another program deletes

    /// Another program deletes all that is live in `tier`, whose trigger leaves tombstones.
    func deleteMany(in tier: VirtualTier<Record>) {
        let rows = tier.sortedRows.filter { $0.record.isLive(at: clock.wall) && $0.revision == $0.stored }
        guard rows.count > Self.massMin else { return }
        note("\(tier.name.rawValue): another program deletes \(rows.count) rows")
        count("mass deletion")
        var deletion: [Key: Deletion] = [:]
        for row in rows {
            let moment = max(clock.wall, row.stored.moment.advanced(by: .milliseconds(1)))
            let record = row.record.deletedOutside(at: moment)
            guard model.version(record.key, record.revision) == nil else { continue }
            tier.deletedOutside(record)
            model.wroteOutside(record, over: row.revision, clock: clock)
            // What is deleted here too is no more than that.
            guard visible(record.key)??.isTombstone == false else { continue }
            deletion[record.key] = Deletion(tombstone: record.revision, before: row.record)
        }
        deletions.append(deletion)
    }

    /// Whether an operator has something to decide. Then he does.
    func decideRemovals() -> Bool {
        guard let core, let tier = core.status.remote.first(where: { $0.heldRemovals > 0 }) else { return false }
        let decision = dice.one(of: RemovalDecision.allCases)
        note("\(tier.name.rawValue): an operator decides to \(decision) \(tier.heldRemovals) removals")
        count("removals: \(decision)")
        if decision == .accept { deletions = [] }
        _ = core.decide(decision, for: tier.name)
        return true
    }

    /// Of one deletion, hardly more went than is taken without a decision, in two visits.
    private func checkDeletions() {
        for deletion in deletions {
            // What is over may be removed by anyone.
            let gone = deletion.count { key, deletion in
                guard let shown = visible(key) ?? nil, shown.isTombstone else { return false }
                return shown.revision == deletion.tombstone && deletion.before.isLive(at: clock.wall)
            }
            guard gone >= Self.massMin else { continue }
            let live = model.keys.count { (visible($0) ?? nil)?.isLive(at: clock.wall) ?? false }
            guard gone > 2 * ((live + gone) / scenario.policy.removalsShare) else { continue }
            model.violated("\(gone) of \(deletion.count) removals taken without a decision, of \(live + gone)")
        }
    }

    // MARK: What there is of a key

    func durableCopy(_ key: Key) -> Revision {
        tiers.reduce(disk.revision(of: key)) { max($0, $1.revision(of: key)) }
    }

    /// What the store has itself, or will have when it starts.
    func ownCopy(_ key: Key) -> Revision {
        var own = disk.revision(of: key)
        for record in runtimeDirectory.records where record.key == key { own = max(own, record.revision) }
        if core != nil, let record = memory.heldRecord(key) { own = max(own, record.revision) }
        return own
    }

    /// Whether there is a copy that the next process would find.
    private func isKept(_ key: Key, _ revision: Revision) -> Bool {
        durableCopy(key) >= revision || ownCopy(key) >= revision
    }

    /// The newest revision as a client would be shown it; nil when the disk must be asked and cannot.
    func visible(_ key: Key) -> Record?? {
        if let record = memory.shown(key) { return record }
        guard !disk.committed.isBroken, disk.unsalvaged.isEmpty else { return nil }
        return .some(disk.committed.rows[key])
    }

    /// Why the store may not know of what was acknowledged: who has it could not be asked.
    func excuse(_ key: Key, _ revision: Revision) -> String? {
        let holders = tiers.filter { $0.revision(of: key) >= revision }
        if holders.isEmpty { return "no tier has it" }
        return holders.allSatisfy(\.wasTroubled) ? "\(holders.map(\.name.rawValue)) could not be asked" : nil
    }

    func damaged(_ what: String) {
        note(what)
        count(what)
        model.damaged(durable: durableCopy, own: ownCopy)
    }

    private func check() {
        guard model.violation == nil else { return }
        model.checkCopies(durable: durableCopy, own: ownCopy)
        model.checkSilentChanges(copies)
        guard let core else { return }
        if !deletions.isEmpty { checkDeletions() }
        let cost = memory.bytes
        if cost > scenario.memoryLimit + restoredBytes {
            model.violated("memory holds \(cost) bytes of \(scenario.memoryLimit)")
        }
        guard core.isServing, core.hasOpenedDisk else { return }
        for key in model.keys {
            guard let shown = visible(key) else { continue }
            if let shown { model.saw(shown) }
            let revision = max(shown?.revision ?? .none, disk.committed.forgotten[key] ?? .none)
            // What memory alone has of a broken file goes when that is noticed.
            if !disk.isDeceiving || ownCopy(key) >= revision { model.saw(key, revision) }
        }
    }

    func decided(_ record: Record, over base: Record?, updateID: Int64? = nil) {
        model.decided(
            record, over: base, updateID: updateID, copies: durableCopy(record.key),
            excuse: excuse(record.key, model.facts[record.key]?.promised ?? .none), clock: clock, process: processes)
    }

    /// A client is told that `revision` is where `placement` says, and that must be so.
    func acknowledged(_ key: Key, _ revision: Revision, _ placement: Placement) {
        note("\(key): \(revision.rawValue) acknowledged in \(placement.storedIn.map(\.rawValue))")
        for tier in placement.storedIn {
            let found: Revision
            switch tier {
            case .sqlite: found = disk.committed.rows[key]?.revision ?? .none
            case .memory: found = memory.shown(key)?.revision ?? .none
            case .neon, .supabase, .railway:
                guard let remote = tiers.first(where: { $0.name == tier }), !remote.isDeceiving else { continue }
                found = remote.revision(of: key)
                if found > revision, !model.contains(key, found, revision) {
                    model.violated(
                        "\(key): \(revision.rawValue) is said to be in \(tier), which has \(found.rawValue) of others")
                }
            }
            if found < revision, tier != .sqlite || !disk.isDeceiving {
                model.violated("\(key): \(revision.rawValue) is said to be in \(tier), which has \(found.rawValue)")
            }
        }
        let isDeceived = disk.isDeceiving || tiers.contains(where: \.isDeceiving)
        if placement.isDurable, durableCopy(key) < revision, !isDeceived {
            model.violated("\(key): \(revision.rawValue) is said to be durable, and no durable tier has it")
        }
        // A copy in memory of what went with a broken page may go too.
        if isDeceived, !isKept(key, revision) { return }
        model.acknowledged(
            key, revision, isDurable: placement.isDurable && durableCopy(key) >= revision, own: ownCopy(key))
    }

    // MARK: Reports

    func count(_ what: String) { counts[what, default: 0] += 1 }

    func note(_ text: @autoclosure () -> String) {
        if let trace { trace("\(clock.elapsed.milliseconds) ms: \(text())") }
    }

    func dismount() {
        queue = EventQueue()
        disk.dismount()
    }
}
