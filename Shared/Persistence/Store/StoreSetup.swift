package import Contracts

/// The clocks of a store. A simulation passes simulated ones.
package struct StoreTime: Sendable {
    /// The wall clock, which may jump.
    package var wall: @Sendable () -> Timestamp
    /// A clock that never jumps.
    package var instant: @Sendable () -> ContinuousClock.Instant
    /// The monotonic clock that the wall clock is checked against.
    package var steady: @Sendable () -> ContinuousClock.Instant

    /// - Parameter steady: if nil, the same as `instant`.
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

/// The earliest of some moments; nil if there is none.
struct FirstMoment {
    private(set) var moment: ContinuousClock.Instant?

    mutating func or(_ other: ContinuousClock.Instant?) {
        guard let other, moment.map({ other < $0 }) ?? true else { return }
        moment = other
    }
}

/// The settings by which a store treats its remote tiers.
package struct TierPolicy: Sendable {
    package var durability = Durability.remote
    /// The longest time that a write waits for a remote tier.
    package var remoteDeadline = Duration.milliseconds(750)
    /// After this time without a write, a tier gets a small one.
    package var heartbeat = Duration.seconds(86_400)
    /// The clocks must have agreed for this long before the wall clock may expire anything: see `ClockWatch`.
    package var clockPatience = Duration.seconds(600)
    /// The number of records per page, when reading a tier or the local table.
    package var pageRecords = 1_000
    /// The most keys listed as owed to one tier. Above it no list is kept, and all rows are owed. (50,000 take 20 MB.)
    /// With fewer than two pages, a walk that owes all rows would begin again endlessly, because it owes a page of keys
    /// at a time.
    package var debtsMax = 50_000
    /// The fewest and most rows of a page that are merged in one pass of the store's thread: see `PieceSize`.
    package var mergedRecords = 10...1_000
    /// The interval at which a connected tier is checked for rows that others wrote, while this store is in use.
    package var lookInterval = Duration.seconds(45)
    /// A store counts as in use for this long after a write or a call. After that, the store sends nothing to a tier
    /// until the next heartbeat, so a database that goes to sleep after five idle minutes can do so.
    package var lookSpell = Duration.seconds(240)
    /// At most this many records are removed because of one tier in one visit, or one in `removalsShare` of the live
    /// ones, if that is more.
    package var removalsMax = 100
    package var removalsShare = 10
    /// The number of this host among those that share tiers: 0 to 63.
    package var host: UInt8 = 0
    /// Whether a tier's clock is compared with ours. False for a store with a test clock beside a real server.
    package var heedsServerTime = true

    package init() {}
}

/// The bounds of the traffic with one remote tier, and its delays.
enum TierLimits {
    /// The most batches of live writes under way at a time. Later live writes share the next batch.
    static let liveBatchesMax = 2
    static let liveRecordsMax = 500
    /// Below every revision that is ever issued, so a pull from here reads everything. Unlike `.none`, it also says
    /// that the store has waited for the tier.
    static let everything = Revision.none.next
    /// Batches of debts are sent one at a time and are short, so that a live write behind one does not wait long.
    static let debtRecordsMax = 250
    static let debtRecordsBesideLiveMax = 10
    static let batchBytesMax = 4 << 20
    /// A debt waits this long for other debts to share its batch, and for a newer revision of its key.
    static let debtDelay = Duration.milliseconds(100)
    /// For this long after a live write, batches of debts stay small.
    static let liveSpell = Duration.seconds(1)
    /// The deadline of a request that no caller waits for.
    static let requestDeadline = Duration.seconds(10)
    /// The first write after this time renews the visit. If a tier is put back to a time since the last renewal, that
    /// is not noticed.
    static let visitLength = Duration.seconds(60)
    /// The interval at which a tier that failed and still responds too late is tried, when it is owed nothing.
    static let proofDelay = Duration.seconds(5)
    static let pruneRecords = 500
    /// The wait before a request is repeated that a tier refused without a known reason.
    static let retryDelay = Duration.seconds(1)
    /// The longest wait before a tier is asked again that returns neither a row nor its key. The wait doubles up to
    /// this.
    static let retryDelayMax = Duration.seconds(300)
    /// A row is skipped after this many failed reads of the row alone, once its key was read.
    static let failuresAloneMax = 2
    /// The most clashes of the same record in the same tier.
    static let clashesMax = 8
    /// How far back each pull reads again, to catch rows that a client with a slow clock wrote late.
    static let pullOverlap = Duration.seconds(86_400)
    /// The same for a look: a frequent check of an idle tier for changed rows. Less suffices, because looks follow each
    /// other closely and the clocks of hosts differ by less than this.
    static let lookOverlap = Duration.seconds(300)
    /// A look is noted as a pull once it is ahead of the noted revision by this.
    static let lookNotedAfter: Int64 = 3_600_000 << 16
    /// The longest time that an empty store waits to read the remote tiers.
    static let bootstrapPatience = Duration.seconds(10)
    /// After this time, everything that a dead process sent has arrived.
    static let secondLook = Duration.seconds(60)
    /// The longest time that a finished walk with reported removals waits for writes that may report more, when there
    /// is a clash.
    static let removalsPatience = Duration.seconds(10)
    /// The longest time that a store with rows waits to learn whether the tiers have newer ones, after memory was lost.
    static let startPatience = Duration.seconds(2)
    /// Payments are written down after this delay, or with the next change.
    static let bookkeepingDelay = Duration.milliseconds(500)
    static let bookkeepingMax = 1_000
    /// The same bound, in a commit that operations wait for.
    static let bookkeepingBesideLiveMax = 50
    /// Debts older than this are not kept key by key.
    static let debtsKeptFor = Duration.seconds(30 * 86_400)
}
