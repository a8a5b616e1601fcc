import Contracts

/// The removals that one tier reports for records that are live here. No I/O, no clock.
///
/// A removal is carried out when a walk has reported all of the tier's removals and their number is within a bound: a
/// person may have deleted rows there by mistake. Above it, nothing is removed before an operator decides.
struct ToldRemovals<Record: TieredRecord> {
    /// What a walk does with a removal that it finds.
    enum Rule: Sendable, Equatable {
        /// Stores it until the end of the walk.
        case collect
        /// An operator has accepted those with revisions up to this one; later ones are collected.
        case take(upTo: Revision)
        /// An operator wants the rows back: ours get a revision above the removal's, and go to every tier.
        case putBack(upTo: Revision)
        /// Leaves it for the walk that will find it.
        case leave
    }

    /// The most removals that are stored. If there are more, the walk is repeated.
    static var keptMax: Int { 1_000 }

    /// The hashes of the keys whose removals were reported and not resolved. Among a million keys, one is mistaken for
    /// another with a probability of 1 to 10⁷.
    private var keys: Set<Int> = []
    /// The number of removals that were reported and not resolved.
    var count: Int { keys.count }
    /// The first of them.
    private(set) var waiting: [Record.Key: Record] = [:]
    /// The highest revision among them.
    private(set) var upTo = Revision.none
    /// Whether a walk through newer rows may miss some of them.
    private(set) var areHidden = false
    /// Whether the tier may have reported removals that were not carried out here. For those keys it lacks our records.
    private(set) var areUntaken = false
    /// The number of removals that were carried out since the visit began.
    private(set) var takenInVisit = 0
    /// The number of removals at the end of the last walk, and their highest revision, if they were above the bound;
    /// nil while none are deferred.
    private(set) var held: (count: Int, upTo: Revision)?
    /// The rule of the next walk: an operator's decision, until a walk has carried it out.
    private(set) var rule = Rule.collect

    /// Whether all of them are in `waiting`.
    var areAllKept: Bool { waiting.count == count }

    mutating func visitBegan() { takenInVisit = 0 }

    /// The reported removals will be reported again, or are no longer needed.
    mutating func forgotten() { (keys, waiting, upTo, areHidden) = ([], [:], .none, false) }

    /// Responses to writes reported some of them.
    mutating func toldByWrite() { areHidden = true }

    mutating func told(_ records: [Record]) {
        for record in records where keys.insert(record.key.hashValue).inserted {
            upTo = max(upTo, record.revision)
            areUntaken = true
            if waiting.count < Self.keptMax { waiting[record.key] = record }
        }
    }

    /// Whether there are so many that they must wait for an operator's decision: more than both bounds. Those that were
    /// carried out earlier in the visit count, too.
    ///
    /// - Parameters:
    ///   - removalsMax: the first bound.
    ///   - share: the second bound is one in `share` of the records that are live or were removed in the visit.
    ///   - live: the number of records that are live now.
    func areTooMany(removalsMax: Int, share: Int, live: Int) -> Bool {
        let (total, before) = (takenInVisit + count, live + takenInVisit)
        return total > removalsMax && total > before / share
    }

    /// The walk ended, and its removals were carried out.
    mutating func taken() {
        takenInVisit += count
        (held, rule, areUntaken) = (nil, .collect, false)
        forgotten()
    }

    /// They are within the bound, but too many to store: the next walk carries them out.
    mutating func takenByNextWalk() {
        rule = .take(upTo: upTo)
        takenInVisit += count
        forgotten()
    }

    /// The walk ended, and none of its removals were carried out.
    mutating func heldBack() {
        (held, rule) = ((count, upTo), .collect)
        forgotten()
    }

    /// An operator has decided.
    ///
    /// - Returns: the number of deferred removals.
    mutating func decided(_ decision: RemovalDecision) -> Int {
        guard let held else { return 0 }
        rule =
            switch decision {
            case .accept: .take(upTo: held.upTo)
            case .reject: .putBack(upTo: held.upTo)
            }
        return held.count
    }
}
