import Contracts

/// What this store knows of one remote tier, and whether the disk has a note of it. No I/O, no clock.
///
/// It changes by what happened, and by nothing else: each change is one of the transitions below.
struct TierKnowledge: Sendable, Equatable {
    /// What a contact shows of the tier.
    enum Recognition: Sendable, Equatable {
        /// It was never met, or is as it was left.
        case asLeft
        /// Another database, or the known one as it was some time ago.
        case strange
    }

    /// All that the disk is to have a note of.
    private(set) var progress: TierProgress
    /// Whether it has.
    private(set) var isNoted: Bool
    /// Whether the tier has, or is about to have, a visit of which the disk has no note.
    private(set) var hasUnnotedVisit = false

    /// A tier that was never heard of.
    init() { self.init(noted: TierProgress()) }

    /// - Parameter progress: what the disk has noted.
    init(noted progress: TierProgress) {
        self.progress = progress
        isNoted = true
    }

    // MARK: Questions

    var isMet: Bool { progress.mark != nil }
    var visit: Int64 { progress.visit }
    var nextVisit: Int64? { progress.nextVisit }
    var seeding: TierProgress.Seeding { progress.seeding }
    /// Whether everything that is not owed to the tier is there.
    var isSeeded: Bool { progress.seeding == .done }
    /// Whether what changes now must be written down as owed.
    var takesDebts: Bool { progress.takesDebts }
    /// Rows that are not newer than this were taken in.
    var pulledTo: Revision { progress.pulledTo }
    /// Whether the tier may have rows that the disk has lost, and was not waited for since.
    var isAwaited: Bool { progress.pulledTo == .none }
    /// Whether it was read from its first row to its last since the disk was made, or was lost.
    var isReadToEnd: Bool { progress.pulledTo > TierLimits.everything }

    // MARK: The disk

    /// What an earlier process noted of the tier was read.
    mutating func noteFound(_ progress: TierProgress) { self = TierKnowledge(noted: progress) }

    /// The disk has no note of the tier: it is a new one, or the disk is.
    ///
    /// - Parameter isDiskEmpty: what an empty disk will hold is written down as owed from the first change on. And of what
    ///   was acknowledged on a disk with rows, a new tier has nothing that the disk lacks.
    mutating func noNoteFound(isDiskEmpty: Bool) {
        changed { progress in
            progress.seeding = isDiskEmpty ? .done : .due
            if !isDiskEmpty { progress.pulledTo = TierLimits.everything }
        }
    }

    /// The file was replaced by one that may lack rows. What was met on the connection stays known: another database in
    /// its place must not pass for this one.
    mutating func diskLost() {
        changed { progress in
            progress.pulledTo = .none
            progress.seeding = .due
        }
    }

    /// The disk has a note of all this.
    mutating func noted() {
        isNoted = true
        hasUnnotedVisit = false
    }

    // MARK: Contact

    /// A new connection is there.
    mutating func connected() { hasUnnotedVisit = false }

    /// The tier told how it is left.
    ///
    /// A visit that was sent may arrive long after its connection was given up: it is known until another one is found in
    /// place of the one that it follows.
    mutating func met(_ contact: TierContact) -> Recognition {
        let known = progress
        let isAsLeft = contact.visit == known.visit || contact.visit == known.nextVisit
        let isStrange = known.mark.map { $0 != contact.mark || !isAsLeft } ?? false
        changed { progress in
            progress.mark = contact.mark
            progress.visit = contact.visit
            if isStrange || contact.visit != known.visit { progress.nextVisit = nil }
        }
        if isStrange { tierChanged() }
        return isStrange ? .strange : .asLeft
    }

    /// A touch is about to leave `next` there, unless one that may still arrive was chosen before.
    mutating func touchPlanned(next: @autoclosure () -> Int64) {
        guard progress.nextVisit == nil else { return }
        let next = next()
        changed { $0.nextVisit = next }
    }

    /// `next` is about to be left there, whether the disk notes it or not.
    ///
    /// - Parameter isTouchUnderWay: the visit before it is that of the touch.
    mutating func unnotedVisitSent(next: Int64, isTouchUnderWay: Bool) {
        hasUnnotedVisit = true
        changed { progress in
            if isTouchUnderWay, let sent = progress.nextVisit { progress.visit = sent }
            progress.nextVisit = next
        }
    }

    /// The tier took no visit.
    mutating func touchRefused() { hasUnnotedVisit = false }

    // MARK: Reading

    /// A walk through the rows newer than `start` came to its end; it has all that was there at `moment`.
    mutating func readToEnd(from start: Revision, at moment: Revision) {
        changed { $0.pulledTo = max(start, moment) }
    }

    /// The tier is to be read whole, once more.
    mutating func doubted() {
        changed { progress in
            if progress.pulledTo != .none { progress.pulledTo = TierLimits.everything }
        }
    }

    /// It was waited for as long as one waits for a tier that may have what the disk has lost.
    mutating func awaitedInVain() {
        guard isAwaited else { return }
        changed { $0.pulledTo = TierLimits.everything }
    }

    // MARK: Filling

    /// Nothing is known any more of what it has: all is to be compared, and it is owed everything.
    mutating func tierChanged() {
        doubted()
        changed { $0.seeding = .due }
    }

    /// It is owed more than is listed.
    mutating func owedAll() { changed { $0.seeding = .due } }

    /// Nothing will be written down for it for a while, as of a tier that is let go.
    mutating func letGo() { changed { $0.seeding = .due } }

    /// It is a tier again, beside a disk that has served without it.
    mutating func takenUp() {
        changed { progress in
            progress.seeding = .due
            if progress.pulledTo == .none { progress.pulledTo = TierLimits.everything }
        }
    }

    /// The walk that owes it everything came to `key`; nil: to the end.
    mutating func seeded(upTo key: String?) {
        changed { $0.seeding = key.map { .under(after: $0) } ?? .done }
    }

    /// It is not certain that what the walk came to last is written down: the page is repeated.
    mutating func seedingFailed(after seeding: TierProgress.Seeding) { changed { $0.seeding = seeding } }

    private mutating func changed(_ body: (inout TierProgress) -> Void) {
        body(&progress)
        isNoted = false
    }
}
