import Contracts
import DequeModule

/// The state of one remote tier in a store's core, which is its only owner.
final class RemoteTier<Record: TieredRecord> {
    /// A record on its way, and the ticket of the call that waits for it.
    struct Live {
        var record: Record
        var ticket: Int
    }

    /// A request to which the tier has not responded yet.
    struct Request {
        enum Kind {
            /// The newest record of each key, and all live writes that wait.
            case live([Record], waiting: [Live], isMakingWay: Bool)
            case debts([Record], isMakingWay: Bool)
            case page(ofPull: Int)
            case rival(of: Record)
            case touch
            case prune

            /// The records that the request writes.
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

    /// A walk through the tier's rows that imports newer ones.
    struct Pull {
        var number: Int
        var newerThan: Revision
        var beganAt: Timestamp
        var after: Record.Key?
        var isAsked = false
        /// The part of the last page that is not merged yet.
        var told: TierPage<Record>?
        /// The time of the next attempt, after a failure on our side or a refusal.
        var retryAt: ContinuousClock.Instant?
        var size: PageSize
        /// Whether the next request is for the key of a row that the tier fails to return.
        var isPassing = false
        /// That key, once it was returned.
        var suspect: Record.Key?
        /// The number of failed reads of the row since its key was returned.
        var failuresAlone = 0
        /// The wait before everything is tried again when not even the key is returned.
        var retryWait = TierLimits.retryDelay

        /// The rule for removals that the walk finds.
        var rule = ToldRemovals<Record>.Rule.collect
        /// The time when all rows had been read; nil before.
        var readAt: ContinuousClock.Instant?
        /// Whether this walk reads only rows written since the last walk over this connection.
        var isLook = false

        mutating func forgetSuspect() { (isPassing, suspect, failuresAlone) = (false, nil, 0) }
    }

    let name: TierName
    var port: any TierPort<Record>
    var link: TierLink
    var knowledge = TierKnowledge()
    /// Live writes: calls wait for them, and they are not sent yet.
    var live: Deque<Live> = []
    var lastLiveAt: ContinuousClock.Instant?
    var lastPaidAt: ContinuousClock.Instant?
    /// Whether a connection ended in a way that may mean a failover, so that the tier may lack recent payments.
    var mayLackRecent = false
    /// In the order of sending, which is also the order of the responses.
    var requests: Deque<Request> = []
    /// When debts are paid next; nil when there are none in the queue.
    var debtsDueAt: ContinuousClock.Instant?
    /// Keys that it does not accept now. They are still owed, and not in the queue.
    var aside = PutAside<Record.Key>()
    /// Keys that were found locked since the tier last stored a record.
    var lockedInARow: Set<Record.Key> = []
    /// Why it refused the last read; nil if it did not.
    var unanswered: String?
    var clashes: [Record.Key: Int] = [:]
    var wantsPull = false
    /// When the last walk through it began, by a monotonic clock and by the clock of pulls; nil if no walk was made
    /// over this connection.
    var lookedAt: (instant: ContinuousClock.Instant, moment: Timestamp)?
    var wantsLook = false
    /// The removals that it reported.
    var removals = ToldRemovals<Record>()
    /// Whether rows that a response to a write returned are being imported.
    var isTakingIn = false
    var pull: Pull?
    /// The time that the tier's clock showed, and when it was received, by a monotonic clock.
    var serverTime: (time: Timestamp, heardAt: ContinuousClock.Instant)?
    var touchDueAt: ContinuousClock.Instant
    /// From this time on, a write is followed by a new visit.
    var visitDueAt: ContinuousClock.Instant
    var pruneBefore: Timestamp?
    /// The number of rows that the seeding walk has not reached.
    var rowsToSeed = 0
    /// Whether an attempt at contact has failed since the start.
    var hasFailed = false
    /// Whether contact was lost or could not be made, and was not restored since.
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

    /// Whether the whole table seems to be locked, not one row.
    var isLockedOut: Bool { lockedInARow.count > 1 }
    var liveBatches: Int { requests.count { if case .live = $0.kind { true } else { false } } }
    var hasDebtsUnderWay: Bool { requests.contains { if case .debts = $0.kind { true } else { false } } }
    var hasTouchUnderWay: Bool { requests.contains { if case .touch = $0.kind { true } else { false } } }
    var hasPruneUnderWay: Bool { requests.contains { if case .prune = $0.kind { true } else { false } } }
    var isPulled: Bool { !wantsPull && pull == nil }
}
