package import Contracts

/// The clocks of a store: a simulation has its own.
package struct StoreTime: Sendable {
    /// The wall clock, which may jump.
    package var wall: @Sendable () -> Timestamp
    /// One that never does.
    package var instant: @Sendable () -> ContinuousClock.Instant
    /// The one by which the wall clock is judged.
    package var steady: @Sendable () -> ContinuousClock.Instant

    /// - Parameter steady: nil: the same as `instant`.
    package init(
        wall: @escaping @Sendable () -> Timestamp,
        instant: @escaping @Sendable () -> ContinuousClock.Instant = { .now },
        steady: (@Sendable () -> ContinuousClock.Instant)? = nil
    ) {
        self.wall = wall
        self.instant = instant
        self.steady = steady ?? instant
    }
}

/// The first of some moments; nil when there is none.
struct FirstMoment {
    private(set) var moment: ContinuousClock.Instant?

    mutating func or(_ other: ContinuousClock.Instant?) {
        guard let other, moment.map({ other < $0 }) ?? true else { return }
        moment = other
    }
}

/// How a store treats its remote tiers.
package struct TierPolicy: Sendable {
    package var durability = Durability.remote
    /// How long a write waits for a remote tier.
    package var remoteDeadline = Duration.milliseconds(750)
    /// After this time without a write, a tier gets a small one.
    package var heartbeat = Duration.seconds(86_400)
    /// How long the clocks must have agreed before the wall clock is believed that something is over: see `ClockWatch`.
    package var clockPatience = Duration.seconds(600)
    /// Records that are read at a time, here and there.
    package var pageRecords = 1_000
    /// Keys that one tier is owed. Of more no list is kept: all rows are owed then. (50,000 take 20 MB.)
    /// Less than two pages and a walk that owes all rows would begin again and again: it owes so many at a time.
    package var debtsMax = 50_000
    /// How many of a page are merged in one turn, at least and at most: see `PieceSize`.
    package var mergedRecords = 10...1_000
    /// A tier that is up is looked at so often for what others wrote there, while this store is in use.
    package var lookInterval = Duration.seconds(45)
    /// So long after a write or a call. After that nothing is sent before the heartbeat, so that a database which sleeps
    /// when it is idle for five minutes does.
    package var lookSpell = Duration.seconds(240)
    /// So many records are removed by what one tier tells in one visit, or one in so many of the live ones, if that is more.
    package var removalsMax = 100
    package var removalsShare = 10
    /// Which of the hosts that share tiers this is: 0 to 63.
    package var host: UInt8 = 0
    /// Whether what time it is in a tier counts. Not so for a store whose clock is set by a test, beside a real server.
    package var heedsServerTime = true

    package init() {}
}

/// The bounds of what is under way to one remote tier.
enum TierLimits {
    /// Writes that somebody waits for: so many batches at a time. What comes meanwhile shares the next one.
    static let liveBatchesMax = 2
    static let liveRecordsMax = 500
    /// Below every revision that is given: a pull from there on reads everything. Unlike none, it says that the tier was
    /// waited for.
    static let everything = Revision.none.next
    /// Batches of debts, one at a time, are short, so that a live write behind one does not wait long.
    static let debtRecordsMax = 250
    static let debtRecordsBesideLiveMax = 10
    static let batchBytesMax = 4 << 20
    /// A debt waits so long for others, and for a newer revision of its key, to share a batch with.
    static let debtDelay = Duration.milliseconds(100)
    /// For this long after a live write the tier counts as one that people wait for.
    static let liveSpell = Duration.seconds(1)
    /// For what nobody waits for.
    static let requestDeadline = Duration.seconds(10)
    /// With the first write after this time a visit is renewed. A tier put back to what it was since then is not noticed.
    static let visitLength = Duration.seconds(60)
    /// A tier that has failed and answers too late is tried so often, when there is nothing that it is owed.
    static let proofDelay = Duration.seconds(5)
    static let pruneRecords = 500
    /// What a tier refuses without a reason that we know is tried again after this.
    static let retryDelay = Duration.seconds(1)
    /// A tier that tells neither a row nor its key is asked again after a wait that doubles up to this.
    static let retryDelayMax = Duration.seconds(300)
    /// A row is passed over when it was not told so often after its key was.
    static let failuresAloneMax = 2
    /// The same record in the same tier.
    static let clashesMax = 8
    /// Rows that were written late by somebody whose clock goes after are looked for so far back.
    static let pullOverlap = Duration.seconds(86_400)
    /// Looks follow each other closely, and clocks of hosts agree better than that.
    static let lookOverlap = Duration.seconds(300)
    /// A look is noted as a pull when it leads on by this.
    static let lookNotedAfter: Int64 = 3_600_000 << 16
    /// How long an empty store waits for what the remote tiers have.
    static let bootstrapPatience = Duration.seconds(10)
    /// So long after that what a dead process sent has arrived.
    static let secondLook = Duration.seconds(60)
    /// How long a walk that was told of removals waits at its end for what writes may tell of more, beside a clash.
    static let removalsPatience = Duration.seconds(10)
    /// How long one that holds something waits to hear whether they have something newer, when memory was lost.
    static let startPatience = Duration.seconds(2)
    /// Payments are written down after this time, or with the next change.
    static let bookkeepingDelay = Duration.milliseconds(500)
    static let bookkeepingMax = 1_000
    /// The same, in a commit that operations wait for.
    static let bookkeepingBesideLiveMax = 50
    /// Debts that are older are not kept one by one.
    static let debtsKeptFor = Duration.seconds(30 * 86_400)
}
