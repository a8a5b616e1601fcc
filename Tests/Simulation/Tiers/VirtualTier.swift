import Contracts
import Persistence

/// A database elsewhere: its rows, with the rules that the SQL of the real one has.
final class VirtualTier<Record: SimulatedRecord> {
    typealias Key = Record.Key

    struct Row: Equatable {
        var record: Record
        /// The revision in the row; zero in one that another program made.
        var stored: Revision

        /// What the row counts as.
        var revision: Revision { max(stored, Record.tombstonesAreApart && record.isTombstone ? .none : changedAt) }
        var changedAt: Revision { Revision(at: record.changedAt) }

        var shown: Record {
            var shown = record
            shown.revision = max(stored, changedAt)
            return shown
        }

        func makesWay(for revision: Revision) -> Bool { stored < revision && self.revision <= revision }
    }

    struct Content {
        var rows: [Key: Row] = [:]
        var contact: TierContact?
        /// Tombstones that were removed, by a planted bug: no row of these says the same as they did.
        var forgotten: [Key: Revision] = [:]
    }

    /// How it meets who wants something of it.
    enum Condition: CaseIterable {
        case up, slow, blackholed, refusing, readOnly, flaky
    }

    let name: TierName
    let dice: Dice
    var content = Content()
    var condition = Condition.up
    var backup: Content?
    /// It was changed behind the store's back, and the store has not met it since.
    var isDeceiving: Bool { changes != changesKnown }
    /// How often that was, and how often when the store met it last.
    private(set) var changes = 0
    var changesKnown = 0
    /// How often the store heard of a contact.
    var meetings = 0
    /// The visit that the store last read here, and the one that it last asked to leave. While the store lives it knows
    /// both, with or without a note on its disk.
    var visitTold: Int64?
    var visitAsked: Int64?
    /// Whether something was wrong with it since the store was opened.
    var wasTroubled = false
    /// A key that it takes no record of.
    var poison: Key?
    /// A key whose row another program keeps locked.
    var locked: Key?
    var faults: [String: Int] = [:]

    init(name: TierName, dice: Dice) {
        self.name = name
        self.dice = dice
    }

    func count(_ fault: String) { faults[fault, default: 0] += 1 }

    /// Is told of each tombstone that is pruned.
    var pruned: (Record) -> Void = { _ in }

    func revision(of key: Key) -> Revision {
        max(content.rows[key].map { max($0.stored, $0.changedAt) } ?? .none, content.forgotten[key] ?? .none)
    }

    var sortedRows: [Row] { content.rows.values.sorted { Record.isOrdered($0.record.key, $1.record.key) } }

    // MARK: What a connection asks

    func met(mark: Int64) -> TierContact {
        let contact = content.contact ?? TierContact(mark: mark, visit: 0)
        content.contact = contact
        return contact
    }

    func touched(visit: Int64, next: Int64) -> TierAnswer<Record> {
        guard var contact = content.contact else {
            return .refused(TierRefusal(.transient, index: nil, reason: "wiped"))
        }
        if contact.visit == visit { contact.visit = next }
        content.contact = contact
        return .touched(contact)
    }

    func write(_ records: [Record], makingWay: Bool) -> TierAnswer<Record> {
        if dice.chance(condition == .flaky ? 0.1 : 0) {
            count("deadlock")
            return .refused(TierRefusal(.transient, index: nil, reason: "deadlock"))
        }
        let answer = writeTogether(records, makingWay: makingWay)
        guard case .refused(let refusal) = answer, refusal.kind == .bug || refusal.kind == .locked, !makingWay,
            records.count > 1
        else { return answer }
        // Each by itself.
        var unstored: [TierUnstored<Record>] = []
        for (index, record) in records.enumerated() {
            switch writeTogether([record], makingWay: false) {
            case .refused(let refusal): unstored.append(TierUnstored(index, .refused(refusal)))
            case .written(let own): unstored += own.map { TierUnstored(index, $0.cause) }
            case .page, .rival, .touched, .pruned: preconditionFailure("no answer to a write")
            }
        }
        return .written(unstored: unstored)
    }

    /// All or nothing, but for rows that are as new or newer.
    private func writeTogether(_ records: [Record], makingWay: Bool) -> TierAnswer<Record> {
        var rows = content.rows
        if makingWay {
            for record in records where !record.isTombstone {
                guard let row = rows[record.key], !row.record.isTombstone, row.makesWay(for: record.revision),
                    row.record.nameOfItsOwn != record.nameOfItsOwn
                else { continue }
                rows[record.key]?.record = row.record.withoutName
            }
        }
        var unstored: [TierUnstored<Record>] = []
        for (index, record) in records.enumerated() {
            if record.key == poison {
                count("record refused")
                return .refused(TierRefusal(.bug, index: index, reason: "poison"))
            }
            if record.key == locked {
                count("row locked")
                return .refused(TierRefusal(.locked, index: index, reason: "locked"))
            }
            if let row = rows[record.key], !row.makesWay(for: record.revision) {
                if row.stored == record.revision, row.revision <= record.revision, isSame(row.record, record) {
                    continue
                }
                count("row overtaken")
                unstored.append(TierUnstored(index, .held(Self.told(row))))
                continue
            }
            let others = rows.values.filter { $0.record.key != record.key }.map(\.record)
            if let name = record.nameOfItsOwn, others.contains(where: { $0.nameOfItsOwn == name }) {
                count("clash")
                return .refused(TierRefusal(.clash, index: index, reason: "nickname"))
            }
            if let request = record.requestOfItsOwn,
                others.contains(where: { $0.requestOfItsOwn == request && $0.isTombstone == record.isTombstone })
            {
                return .refused(TierRefusal(.bug, index: index, reason: "request"))
            }
            rows[record.key] = Row(record: record, stored: record.revision)
        }
        content.rows = rows
        return .written(unstored: unstored)
    }

    private func isSame(_ row: Record, _ record: Record) -> Bool {
        plantedBug(.equalRevisionsCountAsEqual) || row == record || (row.isTombstone && record.isTombstone)
    }

    private static func told(_ row: Row) -> TierPage<Record>.Row {
        TierPage<Record>.Row(row.shown, isStamped: row.shown.revision == row.stored)
    }

    /// Short pages, so that a walk has many.
    func page(after key: Key?, newerThan revision: Revision, limit: Int) -> TierAnswer<Record> {
        let wanted = sortedRows.filter { row in
            (key.map { Record.isOrdered($0, row.record.key) } ?? true)
                && (revision == .none || row.stored > revision || row.stored < row.revision)
        }
        guard limit > 0 else { return .page(TierPage(rows: [], next: wanted.first?.record.key)) }
        let limit = min(limit, 3)
        let rows = wanted.prefix(limit)
        return .page(
            TierPage(
                rows: rows.map(Self.told),
                next: rows.count < limit ? nil : rows.last?.record.key))
    }

    func rival(of record: Record) -> TierAnswer<Record> {
        .rival(
            content.rows.values.first {
                $0.record.nameOfItsOwn != nil && $0.record.nameOfItsOwn == record.nameOfItsOwn
            }?
            .shown)
    }

    func prune(before moment: Timestamp, limit: Int) -> TierAnswer<Record> {
        let old = sortedRows.filter { row in
            row.record.isTombstone && !row.record.isEmptied && row.record.goneAt <= moment && row.stored == row.revision
        }.prefix(limit)
        for row in old {
            pruned(row.record)
            content.rows[row.record.key]?.record = row.record.emptied
            guard plantedBug(.prunesBeforeAllTiersHaveIt) else { continue }
            content.rows[row.record.key] = nil
            content.forgotten[row.record.key] = row.stored
        }
        return .pruned(old.count)
    }

    // MARK: What others do to it

    /// Another program changes a row, or adds one that it made.
    func changedOutside(_ record: Record, isNew: Bool) {
        content.rows[record.key] = Row(
            record: record, stored: isNew ? .none : content.rows[record.key]?.stored ?? .none)
        count("written by another program")
    }

    /// Another program changes a row, where no trigger sees to it that this can be told by its time or revision.
    func changedSilently(_ record: Record) {
        content.rows[record.key]?.record = record
        count("written by another program, silently")
    }

    /// As the trigger of a tier leaves it.
    func deletedOutside(_ tombstone: Record) {
        content.rows[tombstone.key] = Row(record: tombstone, stored: tombstone.revision)
        count("deleted by another program")
    }

    func wiped() {
        content = Content()
        changes += 1
        count("wiped")
    }

    /// Whether `noted` is how the tier is left.
    func isAsNoted(_ noted: TierProgress?) -> Bool {
        guard let noted, let contact = content.contact else { return false }
        return noted.mark == contact.mark && (noted.visit == contact.visit || noted.nextVisit == contact.visit)
    }

    /// Whether a store that has noted so much sees the difference between the backup and the tier.
    func isBackupOfEarlierVisit(_ noted: TierProgress?) -> Bool {
        guard let visit = backup?.contact?.visit, let noted else { return false }
        return ![noted.visit, noted.nextVisit, content.contact?.visit, visitTold, visitAsked].contains(visit)
    }

    /// - Returns: whether `replica` has the visit that this has; if not, it is a backup.
    func failedOver(to replica: Content) -> Bool {
        guard content.contact == replica.contact, content.rows != replica.rows else { return false }
        content = replica
        changes += 1
        count("failed over")
        return true
    }

    func restored() {
        guard let backup else { return }
        content = backup
        changes += 1
        count("put back to a backup")
    }
}
