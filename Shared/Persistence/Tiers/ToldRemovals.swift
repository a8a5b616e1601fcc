import Contracts

/// What one tier tells to be gone, of records that are live here. No I/O, no clock.
///
/// A removal is taken when a walk has told all that the tier has to tell, and if the sum is within a bound: someone may
/// have deleted rows there by mistake. Above it, nothing is removed before an operator decides.
struct ToldRemovals<Record: TieredRecord> {
    /// What a walk does with a removal that it meets.
    enum Rule: Sendable, Equatable {
        /// Remembers it until the walk is at its end.
        case collect
        /// An operator has accepted those with revisions up to this one; later ones are collected.
        case take(upTo: Revision)
        /// An operator wants the rows back: ours get a revision above the removal's, and go to every tier.
        case putBack(upTo: Revision)
        /// Leaves it for the walk that will meet it.
        case leave
    }

    /// More are not remembered: the walk is made once more.
    static var keptMax: Int { 1_000 }

    /// The hashes of the keys that were told, and not settled: of a million, one is taken for another with a probability
    /// of 1 to 10⁷.
    private var keys: Set<Int> = []
    /// How many were told, and not settled.
    var count: Int { keys.count }
    /// The first of them.
    private(set) var waiting: [Record.Key: Record] = [:]
    /// The highest revision among them.
    private(set) var upTo = Revision.none
    /// Whether a walk through what is newer may not tell all of them.
    private(set) var areHidden = false
    /// Whether the tier may have told removals that were not taken here: of those keys it does not hold what is here.
    private(set) var areUntaken = false
    /// Taken since the visit began.
    private(set) var takenInVisit = 0
    /// How many were above the bound at the end of the last walk, and up to which revision; nil while nothing is held back.
    private(set) var held: (count: Int, upTo: Revision)?
    /// What the next walk does: an operator's decision, until a walk has carried it out.
    private(set) var rule = Rule.collect

    /// Whether all of them are in `waiting`.
    var areAllKept: Bool { waiting.count == count }

    mutating func visitBegan() { takenInVisit = 0 }

    /// What was told will be told again, or is of no more interest.
    mutating func forgotten() { (keys, waiting, upTo, areHidden) = ([], [:], .none, false) }

    /// Answers to writes told of some.
    mutating func toldByWrite() { areHidden = true }

    mutating func told(_ records: [Record]) {
        for record in records where keys.insert(record.key.hashValue).inserted {
            upTo = max(upTo, record.revision)
            areUntaken = true
            if waiting.count < Self.keptMax { waiting[record.key] = record }
        }
    }

    /// Whether so many wait for an operator's decision.
    ///
    /// - Parameters:
    ///   - removalsMax: so many are taken in any case.
    ///   - share: one in so many of the live records is, too.
    ///   - live: how many are live now.
    func areTooMany(removalsMax: Int, share: Int, live: Int) -> Bool {
        let (total, before) = (takenInVisit + count, live + takenInVisit)
        return total > removalsMax && total > before / share
    }

    /// The walk is at its end, and what it told is taken.
    mutating func taken() {
        takenInVisit += count
        (held, rule, areUntaken) = (nil, .collect, false)
        forgotten()
    }

    /// They are within the bound, and too many to be remembered: the next walk takes them.
    mutating func takenByNextWalk() {
        rule = .take(upTo: upTo)
        takenInVisit += count
        forgotten()
    }

    /// The walk is at its end, and nothing of what it told is taken.
    mutating func heldBack() {
        (held, rule) = ((count, upTo), .collect)
        forgotten()
    }

    /// An operator has decided.
    ///
    /// - Returns: how many were held back.
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
