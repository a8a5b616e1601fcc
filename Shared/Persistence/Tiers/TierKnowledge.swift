import Contracts

/// This store's knowledge of one remote tier, and whether the disk has a note of it. No I/O, no clock.
///
/// It changes only by events: each change is one of the transitions below.
struct TierKnowledge: Sendable, Equatable {
    /// What a contact shows about the tier.
    enum Recognition: Sendable, Equatable {
        /// There was no contact before, or the tier is as it was left.
        case asLeft
        /// A different database, or the known one put back to an earlier time.
        case strange
    }

    /// Everything that the disk should have a note of.
    private(set) var progress: TierProgress
    /// Whether the disk has a note of it.
    private(set) var isNoted: Bool
    /// Whether the tier has, or is about to get, a visit of which the disk has no note.
    private(set) var hasUnnotedVisit = false

    /// Knowledge of a new tier.
    init() { self.init(noted: TierProgress()) }

    /// - Parameter progress: the note on the disk.
    init(noted progress: TierProgress) {
        self.progress = progress
        isNoted = true
    }

    // MARK: Queries

    var isMet: Bool { progress.mark != nil }
    var visit: Int64 { progress.visit }
    var nextVisit: Int64? { progress.nextVisit }
    var seeding: TierProgress.Seeding { progress.seeding }
    /// Whether the tier has every record that is not owed to it.
    var isSeeded: Bool { progress.seeding == .done }
    /// Whether what changes now must be written down as owed.
    var takesDebts: Bool { progress.takesDebts }
    /// Rows that are not newer than this were imported.
    var pulledTo: Revision { progress.pulledTo }
    /// Whether the tier may have rows that the disk has lost, and the store has not waited for it since.
    var isAwaited: Bool { progress.pulledTo == .none }
    /// Whether the tier was read completely since the disk was created or lost.
    var isReadToEnd: Bool { progress.pulledTo > TierLimits.everything }

    // MARK: The disk

    /// The note of an earlier process about the tier was read.
    mutating func noteFound(_ progress: TierProgress) { self = TierKnowledge(noted: progress) }

    /// The disk has no note of the tier: the tier is new, or the disk is.
    ///
    /// - Parameter isDiskEmpty: if the disk is empty, every record is written down as owed from the first change on. If
    ///   it has rows, a newly configured tier cannot have acknowledged rows that this disk lacks.
    mutating func noNoteFound(isDiskEmpty: Bool) {
        changed { progress in
            progress.seeding = isDiskEmpty ? .done : .due
            if !isDiskEmpty { progress.pulledTo = TierLimits.everything }
        }
    }

    /// The file was replaced by one that may lack rows. The mark and visit of the connection stay known: a different
    /// database in the tier's place must not pass for this one.
    mutating func diskLost() {
        changed { progress in
            progress.pulledTo = .none
            progress.seeding = .due
        }
    }

    /// The disk has a note of everything.
    mutating func noted() {
        isNoted = true
        hasUnnotedVisit = false
    }

    // MARK: Contact

    /// A new connection was made.
    mutating func connected() { hasUnnotedVisit = false }

    /// The tier reported its mark and visit.
    ///
    /// A sent visit may arrive long after its connection was given up. So it stays known until a third one is found in
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

    /// A touch is about to leave `next` there, unless an earlier chosen visit may still arrive.
    mutating func touchPlanned(next: @autoclosure () -> Int64) {
        guard progress.nextVisit == nil else { return }
        let next = next()
        changed { $0.nextVisit = next }
    }

    /// The visit `next` is about to be left there, whether or not the disk notes it.
    ///
    /// - Parameter isTouchUnderWay: whether the visit before it is that of a touch under way.
    mutating func unnotedVisitSent(next: Int64, isTouchUnderWay: Bool) {
        hasUnnotedVisit = true
        changed { progress in
            if isTouchUnderWay, let sent = progress.nextVisit { progress.visit = sent }
            progress.nextVisit = next
        }
    }

    /// The tier refused the visit.
    mutating func touchRefused() { hasUnnotedVisit = false }

    // MARK: Reading

    /// A walk through the rows newer than `start` ended. It read everything that was there at `moment`.
    mutating func readToEnd(from start: Revision, at moment: Revision) {
        changed { $0.pulledTo = max(start, moment) }
    }

    /// The whole tier must be read again.
    mutating func doubted() {
        changed { progress in
            if progress.pulledTo != .none { progress.pulledTo = TierLimits.everything }
        }
    }

    /// The longest wait for a tier that may have rows lost by the disk has passed.
    mutating func awaitedInVain() {
        guard isAwaited else { return }
        changed { $0.pulledTo = TierLimits.everything }
    }

    // MARK: Filling

    /// The tier's content is unknown now: everything must be compared, and the tier is owed everything.
    mutating func tierChanged() {
        doubted()
        changed { $0.seeding = .due }
    }

    /// The tier is owed more keys than a list may have.
    mutating func owedAll() { changed { $0.seeding = .due } }

    /// No debts are written down for the tier from now on, because it was let go.
    mutating func letGo() { changed { $0.seeding = .due } }

    /// The tier is used again, beside a disk that has served without it.
    mutating func takenUp() {
        changed { progress in
            progress.seeding = .due
            if progress.pulledTo == .none { progress.pulledTo = TierLimits.everything }
        }
    }

    /// The seeding walk came to `key`; nil: to the end.
    mutating func seeded(upTo key: String?) {
        changed { $0.seeding = key.map { .under(after: $0) } ?? .done }
    }

    /// It is not certain that the walk's last page was written down: the page is repeated.
    mutating func seedingFailed(after seeding: TierProgress.Seeding) { changed { $0.seeding = seeding } }

    private mutating func changed(_ body: (inout TierProgress) -> Void) {
        body(&progress)
        isNoted = false
    }
}
