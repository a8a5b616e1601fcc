import Contracts
import DequeModule

/// What a store's core knows of one remote tier. It has one owner, the core.
final class RemoteTier<Record: TieredRecord> {
    /// A record on its way, and who waits for it.
    struct Live {
        var record: Record
        var ticket: Int
    }

    /// Something that the tier was asked for and has not answered.
    struct Request {
        enum Kind {
            /// The newest record of each key, and all who wait.
            case live([Record], waiting: [Live], isMakingWay: Bool)
            case debts([Record], isMakingWay: Bool)
            case page(ofPull: Int)
            case rival(of: Record)
            case touch
            case prune

            /// What it is to write.
            var records: [Record] {
                switch self {
                case .live(let records, _, _), .debts(let records, _): records
                case .page, .rival, .touch, .prune: []
                }
            }
        }

        var number: Int
        var kind: Kind
        var sentAt: ContinuousClock.Instant
        var deadline: ContinuousClock.Instant
    }

    /// A walk through the tier's rows that takes in what is newer.
    struct Pull {
        var number: Int
        var newerThan: Revision
        var beganAt: Timestamp
        var after: Record.Key?
        var isAsked = false
        /// What is not merged of the page that was told last.
        var told: TierPage<Record>?
        /// After a fault on our side, or a refusal.
        var retryAt: ContinuousClock.Instant?
        var size: PageSize
        /// Whether the next thing to ask for is the key of a row that the tier does not tell.
        var isPassing = false
        /// That key, when it was told.
        var suspect: Record.Key?
        /// How often the row was not told after its key was.
        var failuresAlone = 0
        /// After which everything is tried again when not even the key is told.
        var retryWait = TierLimits.retryDelay

        /// What it does with what is told to be gone.
        var rule = ToldRemovals<Record>.Rule.collect
        /// When all rows were read; nil before.
        var readAt: ContinuousClock.Instant?
        /// Whether only what was written since the last walk over this connection is looked for.
        var isLook = false

        mutating func forgetSuspect() { (isPassing, suspect, failuresAlone) = (false, nil, 0) }
    }

    let name: TierName
    var port: any TierPort<Record>
    var link: TierLink
    var knowledge = TierKnowledge()
    /// Writes that somebody waits for, not sent yet.
    var live: Deque<Live> = []
    var lastLiveAt: ContinuousClock.Instant?
    var lastPaidAt: ContinuousClock.Instant?
    /// Whether a connection ended in such a way that the tier may lack what it was paid of late.
    var mayLackRecent = false
    /// In the order of sending, which is that of the answers.
    var requests: Deque<Request> = []
    /// When debts are paid next; nil when there are none in the queue.
    var debtsDueAt: ContinuousClock.Instant?
    /// Keys that it does not take now. Still owed, and not in the queue.
    var aside = PutAside<Record.Key>()
    /// Keys that were found locked since it last stored something.
    var lockedInARow: Set<Record.Key> = []
    /// Why it did not tell what it was asked.
    var unanswered: String?
    var clashes: [Record.Key: Int] = [:]
    var wantsPull = false
    /// When the last walk through it began, by a monotonic clock and by the one of pulls; nil if none was made over this
    /// connection.
    var lookedAt: (instant: ContinuousClock.Instant, moment: Timestamp)?
    var wantsLook = false
    /// What it told to be gone.
    var removals = ToldRemovals<Record>()
    /// Whether rows that an answer to a write showed are being taken in.
    var isTakingIn = false
    var pull: Pull?
    /// What time it was there, and when that was heard, by a monotonic clock.
    var serverTime: (time: Timestamp, heardAt: ContinuousClock.Instant)?
    var touchDueAt: ContinuousClock.Instant
    /// When the next write is followed by a new visit.
    var visitDueAt: ContinuousClock.Instant
    var pruneBefore: Timestamp?
    /// Rows that the walk which owes everything has not come to.
    var rowsToSeed = 0
    /// Contact was tried and did not come about, since the start.
    var hasFailed = false
    /// Contact was lost, or could not be made, and has not been made since.
    var isAway = false
    var lastError: String?
    var latency: Duration?

    init(name: TierName, port: any TierPort<Record>, random: any RandomNumberGenerator) {
        self.name = name
        self.port = port
        link = TierLink(random: random)
        touchDueAt = .now
        visitDueAt = .now
    }

    /// Whether it is not one row that is locked, as far as can be told, but the table.
    var isLockedOut: Bool { lockedInARow.count > 1 }
    var liveBatches: Int { requests.count { if case .live = $0.kind { true } else { false } } }
    var hasDebtsUnderWay: Bool { requests.contains { if case .debts = $0.kind { true } else { false } } }
    var hasTouchUnderWay: Bool { requests.contains { if case .touch = $0.kind { true } else { false } } }
    var hasPruneUnderWay: Bool { requests.contains { if case .prune = $0.kind { true } else { false } } }
    var isPulled: Bool { !wantsPull && pull == nil }
}
