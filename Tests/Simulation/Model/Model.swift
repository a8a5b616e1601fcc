import Contracts
import Persistence

/// What must hold of a store, whatever happens: the promise, kept as simple facts beside the store under test.
final class Model<Record: SimulatedRecord> {
    typealias Key = Record.Key

    /// One state of a key that was decided, by the store or by another program.
    struct Version {
        var record: Record
        /// What it was decided over.
        var base: Revision
        var updateID: Int64?
        /// By a perfect clock.
        var decidedAt = Duration.zero
        /// How far the wall clock was off then, and which process that was.
        var wallOffset = Duration.zero
        var process = 0
    }

    struct Facts {
        /// The highest revision that was acknowledged as durable, and that no damage took.
        var durable = Revision.none
        /// The same, even if only memory has it.
        var promised = Revision.none
        /// The highest that the store showed since it was opened.
        var seen = Revision.none
        /// The highest that was ever given.
        var issued = Revision.none
        /// Acknowledged as durable since `root`.
        var acknowledged: Set<Revision> = []
        /// Where all tiers agreed last.
        var root = Revision.none
        /// The store's own copies are older than what it acknowledged, and it could not help that.
        var isAmnesic = false
        /// Decided over an older copy, for that reason: of two histories one wins.
        var isForked = false
        /// Another program writes it too.
        var isShared = false
    }

    private(set) var facts: [Key: Facts] = [:]
    private(set) var keys: [Key] = []
    private var versions: [Key: [Revision: Version]] = [:]
    private var silentChanges: [Key: [SilentChange<Record>]] = [:]
    private(set) var violation: String?
    /// The wall clock was set back: revisions of a new process may be lower than those of the one before.
    var clockWentBack = false

    func violated(_ text: String) { if violation == nil { violation = text } }

    func know(_ key: Key) {
        guard facts[key] == nil else { return }
        facts[key] = Facts()
        keys.append(key)
    }

    func share(_ key: Key) {
        know(key)
        facts[key]?.isShared = true
    }

    func version(_ key: Key, _ revision: Revision) -> Version? { versions[key]?[revision] }

    /// Whether `held` is `revision`, or was decided over it: of two histories, neither contains the other.
    ///
    /// Also if that cannot be known: a key whose histories part says nothing of its copies.
    func contains(_ key: Key, _ held: Revision, _ revision: Revision) -> Bool {
        guard let fact = facts[key], !fact.isForked, !fact.isAmnesic else { return true }
        var next = held
        while next > revision, let version = versions[key]?[next] { next = version.base }
        return next == revision
    }

    // MARK: What the store does

    /// - Parameter excuse: nil if nothing kept the store from knowing better.
    func decided(
        _ record: Record, over base: Record?, updateID: Int64? = nil, copies: Revision, excuse: String?,
        clock: VirtualClock, process: Int
    ) {
        let key = record.key
        know(key)
        guard var fact = facts[key] else { return }
        let baseRevision = base?.revision ?? .none
        if baseRevision < fact.promised, !fact.isForked {
            if fact.isAmnesic, excuse != nil {
                fact.isForked = true
            } else {
                violated(
                    "\(key): decided over \(baseRevision.rawValue), and \(fact.promised.rawValue) was acknowledged")
            }
        }
        if fact.isAmnesic, baseRevision < copies { fact.isForked = true }
        if record.revision <= baseRevision { violated("\(key): the revision did not grow") }
        if record.revision <= fact.issued, !fact.isForked, !fact.isShared {
            if clockWentBack {
                fact.isForked = true
            } else {
                violated("\(key): revision \(record.revision.rawValue) after \(fact.issued.rawValue)")
            }
        }
        fact.issued = max(fact.issued, record.revision)
        facts[key] = fact
        versions[key, default: [:]][record.revision] = Version(
            record: record, base: baseRevision, updateID: updateID, decidedAt: clock.trueElapsed,
            wallOffset: clock.wallOffset, process: process)
    }

    /// Another program left `record`, and did not put off its end.
    func wroteOutside(_ record: Record, over base: Revision, clock: VirtualClock) {
        share(record.key)
        let before = versions[record.key]?[base]
        versions[record.key, default: [:]][record.revision] = Version(
            record: record, base: base, decidedAt: before?.decidedAt ?? clock.trueElapsed,
            wallOffset: before?.wallOffset ?? clock.wallOffset, process: before?.process ?? 0)
    }

    /// Another program left `record` at the revision that was there. If the store finds other content at that revision,
    /// this is a change just above it.
    func wroteSilently(_ record: Record, clock: VirtualClock) {
        let isKnown = silentChanges[record.key]?.contains { $0.record == record } ?? false
        if !isKnown { silentChanges[record.key, default: []].append(SilentChange(record: record)) }
        wroteOutside(record.asChange, over: record.revision, clock: clock)
    }

    /// Notes which silent changes are all that is left of their revision: such a one may stay there.
    ///
    /// - Parameter copies: what is stored of a key at a revision, anywhere.
    func checkSilentChanges(_ copies: (Key, Revision) -> [Record]) {
        for (key, changes) in silentChanges {
            for (index, change) in changes.enumerated() where !change.isAllThatIsLeft {
                let copies = copies(key, change.record.revision)
                guard !copies.isEmpty, copies.allSatisfy({ $0 == change.record }) else { continue }
                silentChanges[key]?[index].isAllThatIsLeft = true
            }
        }
    }

    /// - Parameter own: the highest revision that the store has itself, or finds when it starts.
    func acknowledged(_ key: Key, _ revision: Revision, isDurable: Bool, own: Revision) {
        guard var fact = facts[key] else { return }
        fact.promised = max(fact.promised, revision)
        // The page of it broke since.
        if own < fact.promised { fact.isAmnesic = true }
        if isDurable {
            fact.durable = max(fact.durable, revision)
            // An earlier state, shown again for want of the later one, is no change that was promised to last.
            let isOutdated = fact.isAmnesic && revision < fact.promised
            if revision > fact.root, !isOutdated { fact.acknowledged.insert(revision) }
        }
        facts[key] = fact
    }

    /// The store shows `record`.
    func saw(_ record: Record) {
        let key = record.key
        know(key)
        if versions[key]?[record.revision] == nil { tookAsMade(record) }
    }

    func saw(_ key: Key, _ revision: Revision) {
        guard var fact = facts[key], !fact.isAmnesic, !fact.isForked else { return }
        if revision < fact.promised {
            violated("\(key): shows \(revision.rawValue), and \(fact.promised.rawValue) was acknowledged")
        }
        if revision < fact.seen { violated("\(key): shows \(revision.rawValue) after \(fact.seen.rawValue)") }
        if revision > fact.seen {
            fact.seen = revision
            facts[key] = fact
        }
    }

    /// A version that no client asked for: the store made it of an earlier one, if it may be made so.
    private func tookAsMade(_ record: Record) {
        let earlier = (versions[record.key] ?? [:]).filter { $0.key < record.revision }
        let silent = (silentChanges[record.key] ?? []).map(\.record).filter { record.isMade(of: $0) }.map(\.revision)
        let bases = earlier.filter { record.isMade(of: $0.value.record) }.map(\.key) + silent
        guard let base = bases.filter({ $0 < record.revision }).max() else {
            violated("\(record.key): nobody made \(record.summary) of \(earlier.values.map(\.record.summary))")
            return
        }
        var version = versions[record.key]?[base]
        version?.record = record
        version?.base = base
        version?.updateID = nil
        versions[record.key, default: [:]][record.revision] = version
        let issued = facts[record.key]?.issued ?? .none
        facts[record.key]?.issued = max(issued, record.revision)
    }

    // MARK: What happens to copies

    /// - Parameters:
    ///   - durable: the highest revision of each key in a durable tier.
    ///   - own: the highest that the store has, or finds when it starts.
    func damaged(durable: (Key) -> Revision, own: (Key) -> Revision) {
        for key in keys {
            guard var fact = facts[key] else { continue }
            fact.durable = min(fact.durable, durable(key))
            fact.promised = min(fact.promised, max(durable(key), own(key)))
            fact.acknowledged = fact.acknowledged.filter { $0 <= fact.durable }
            fact.seen = min(fact.seen, fact.promised)
            if own(key) < fact.promised { fact.isAmnesic = true }
            facts[key] = fact
        }
    }

    func storeEnded() { for key in keys { facts[key]?.seen = .none } }

    func checkCopies(durable: (Key) -> Revision, own: (Key) -> Revision) {
        for key in keys {
            guard let fact = facts[key] else { continue }
            let best = durable(key)
            if best < fact.durable {
                violated(
                    "\(key): \(fact.durable.rawValue) was acknowledged as durable; the best copy is \(best.rawValue)")
            }
            if fact.isAmnesic, own(key) >= fact.promised { facts[key]?.isAmnesic = false }
        }
    }

    // MARK: When all is back

    /// All tiers hold `record`: it must come of everything that was acknowledged, each update in it once.
    ///
    /// - Parameter isForgotten: the tombstone, which was the newest of it, is nowhere any more.
    func agreed(_ key: Key, _ record: Record?, isForgotten: Bool) {
        guard let fact = facts[key] else { return }
        let revision = isForgotten ? fact.promised : record?.revision ?? .none
        if revision < fact.promised {
            violated("\(key): all agree on \(revision.rawValue), and \(fact.promised.rawValue) was acknowledged")
        }
        if let record, let version = versions[key]?[revision], version.record != record,
            !record.isEmptied || version.record.emptied != record, !isLeftSilently(record)
        {
            violated("\(key): \(record) is not what was decided: \(version.record)")
        }
        if !fact.isForked, !fact.isShared { checkHistory(key, fact, revision) }
        facts[key]?.root = revision
        facts[key]?.durable = revision
        facts[key]?.promised = revision
        facts[key]?.acknowledged = []
        facts[key]?.isForked = false
        facts[key]?.isAmnesic = false
    }

    private func isLeftSilently(_ record: Record) -> Bool {
        silentChanges[record.key]?.contains { $0.isAllThatIsLeft && $0.record == record } ?? false
    }

    private func checkHistory(_ key: Key, _ fact: Facts, _ revision: Revision) {
        var missing = fact.acknowledged
        var updates: Set<Int64> = []
        var next = revision
        while next > .none, let version = versions[key]?[next] {
            missing.remove(next)
            if let update = version.updateID, !updates.insert(update).inserted {
                violated("\(key): update \(update) took effect twice")
            }
            // Updates before the root count too; what is acknowledged is known from there on.
            next = version.base
        }
        // An update that was decided twice, because the first time went unknown, is in it by either.
        missing = missing.filter { revision in
            versions[key]?[revision]?.updateID.map { !updates.contains($0) } ?? true
        }
        if let lost = missing.min() {
            violated("\(key): acknowledged \(lost.rawValue) is not in the history of \(revision.rawValue)")
        }
    }
}
