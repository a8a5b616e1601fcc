public import Contracts

/// `conversation_states` in tiers: the work of the methods of `state.sock`.
public struct ConversationStore: Sendable {
    /// The number of conversations that one batch of a sweep removes. Live calls run between two batches.
    static let sweepBatch = 10
    /// The pause between two batches of a sweep. Each row is a page of the log, and while a full log is moved into the
    /// file, every call waits.
    static let sweepPause = Duration.milliseconds(5)
    /// A tombstone keeps its content this long, and stays for years without it.
    public static let tombstonesKeptFor: Duration = .seconds(30 * 86_400)

    /// How long queued replies are kept, whatever the conversations' time to live is: no person has abandoned them, and
    /// they are still being tried.
    static let outboxKeptFor: Duration = .seconds(24 * 3_600)
    /// The same for parked updates. Telegram has forgotten them; after a week, few people would know what they were
    /// about.
    static let parkedKeptFor: Duration = .seconds(7 * 24 * 3_600)
    /// Which group a supergroup was: the gateway writes it again long before this is over.
    static let groupKeptFor: Duration = .seconds(300 * 24 * 3_600)

    public typealias Answer<Output: Sendable> = @Sendable () async -> Result<Output, RPCError>

    private let tiers: TieredStore<ConversationTable>
    private let path: String
    private let timeToLive: Duration
    private let now: @Sendable () -> Timestamp

    /// - Parameters:
    ///   - memoryLimit: the bound of the memory tier, in bytes.
    ///   - steady: the monotonic clock by which the wall clock `now` is judged.
    ///   - journalPath: the path of the spill file for records in memory only; nil: none.
    ///   - happened: called with each event that an operator should read in the log. Must not block.
    ///   - progressed: called repeatedly while the start takes time. Must not block.
    /// - Throws: see `TieredStore`.
    public init(
        path: String, memoryLimit: Int, timeToLive: Duration, now: @escaping @Sendable () -> Timestamp,
        steady: @escaping @Sendable () -> ContinuousClock.Instant = { .now }, remote: RemoteTiers = RemoteTiers(),
        journalPath: String? = nil,
        happened: @escaping @Sendable (StoreEvent) -> Void = { _ in },
        progressed: @escaping @Sendable (StartStep) -> Void = { _ in }
    ) async throws(LocalTableError) {
        tiers = try await TieredStore(
            path: path, memoryLimit: memoryLimit, now: now, steady: steady, policy: remote.policy,
            journalPath: journalPath,
            happened: happened, progressed: progressed
        ) { report in remote.ports(PostgresConversationTable.self, at: path, now: now, report) }
        self.path = path
        self.timeToLive = timeToLive
        self.now = now
    }

    public var status: StoreStatus { tiers.currentStatus }
    public func close() async { await tiers.close() }

    /// Returns when the store's thread has processed this event, and so not while the thread hangs.
    public func pulse() async { await tiers.pulse() }

    /// Records that an operator knows about the incidents of the file and its rows.
    ///
    /// - Returns: the acknowledged incidents; `unavailable` when the disk is unavailable, and then nothing is changed.
    public func acknowledge() async -> Result<StoreAcknowledge.Output, RPCError> {
        await tiers.acknowledge().map { StoreAcknowledge.Output(acknowledged: $0) }
    }

    /// Carries out an operator's decision on removals that this store deferred: see ``TiersRemovals``.
    public func decide(_ params: TiersRemovals.Params) async -> Result<TiersRemovals.Output, RPCError> {
        await tiers.decide(params.decision, for: params.tier).map { TiersRemovals.Output(removals: Int64($0)) }
    }

    /// Continues with other databases. Those named in `kept` stay as they are; those of `remote` are new or replace one
    /// of the same name; all others are dropped. No call is lost.
    public func changeTiers(_ remote: RemoteTiers, keeping kept: Set<TierName>) async -> Result<Void, RPCError> {
        let path = path
        return await tiers.changeTiers(keeping: kept) { [now] report in
            remote.ports(PostgresConversationTable.self, at: path, now: now, report)
        }
    }

    /// Loads a conversation from memory, at once; nil when the disk must be read.
    public func loadFromMemory(_ params: StateLoad.Params) -> StateLoad.Output? {
        guard let (record, placement) = tiers.cached(params.key) else { return nil }
        return Self.output(record, params, placement, now())
    }

    public func load(_ params: StateLoad.Params) -> Answer<StateLoad.Output> {
        let promise = tiers.submit(touching: params.key) { transaction throws(RPCError) in
            transaction.onlyReads()
            return (try transaction.get(params.key), transaction.now)
        }
        return {
            await promise.value.map { stored in
                Self.output(stored.output.0, params, stored.placement, stored.output.1)
            }
        }
    }

    private static func output(
        _ record: ConversationRecord?, _ params: StateLoad.Params, _ placement: Placement, _ now: Timestamp
    ) -> StateLoad.Output {
        var applied: AppliedUpdate?
        if let updateID = params.updateID, let record {
            if record.answer(to: updateID, wasClear: true) != nil {
                let clearing = record.lastClearing.flatMap { $0.updateID == updateID ? $0 : nil }
                applied = AppliedUpdate(
                    cleared: .init(reason: clearing?.reason ?? .completed, outcome: clearing?.outcome ?? .null))
            } else if record.answer(to: updateID, wasClear: false) != nil {
                applied = AppliedUpdate(cleared: nil)
            }
        }
        let open = record?.opened(at: now, for: params.sentAt)
        return StateLoad.Output(
            state: open?.conversation(storedIn: placement.storedIn), applied: applied,
            lastClear: params.updateID != nil && open == nil ? record?.keptDraft(at: now) : nil,
            tellsApplied: params.updateID != nil)
    }

    /// Durable when the result's placement says so. Idempotent by update id.
    public func save(_ params: StateSave.Params) -> Answer<StateSave.Output> {
        let timeToLive = max(timeToLive, Self.keptFor(params.key.type))
        let promise = tiers.submit(touching: params.key) { transaction throws(RPCError) in
            try transaction.save(params, timeToLive: timeToLive)
        }
        return {
            await promise.value.map { stored in
                StateSave.Output(
                    revision: stored.output.revision, expiresAt: stored.output.expiresAt, placement: stored.placement)
            }
        }
    }

    private static func keptFor(_ type: String) -> Duration {
        switch type {
        case ConversationKey.outbox: outboxKeptFor
        case ConversationKey.parked: parkedKeptFor
        case ConversationKey.group: groupKeptFor
        default: type.hasPrefix(ConversationKey.parked + ".") ? parkedKeptFor : .zero
        }
    }

    /// Leaves a tombstone. Idempotent by update id.
    public func clear(_ params: StateClear.Params) -> Answer<StateClear.Output> {
        let promise = tiers.submit(touching: params.key) { transaction throws(RPCError) in
            try transaction.clear(params)
        }
        return {
            await promise.value.map { stored in
                let (cleared, revision) = stored.output
                let placement = revision == nil ? Placement(storedIn: [], isDurable: true) : stored.placement
                return StateClear.Output(cleared: cleared, revision: revision, placement: placement)
            }
        }
    }

    public func list(_ params: StateList.Params) throws(RPCError) -> Answer<StateList.Output> {
        let after = try Self.position(params.cursor)
        let promise = tiers.submit { transaction throws(RPCError) in
            transaction.onlyReads()
            let now = transaction.now
            // Records in memory only replace rows, and up to as many rows may turn out not to be open.
            let held = transaction.held.values.filter { $0.key.type == params.type }
            let rows = try transaction.ask { table throws(SQLiteError) in
                try table.open(type: params.type, after: after, at: now, limit: Int(params.limit) + 1 + held.count)
            }
            let heldKeys = Set(held.map(\.key))
            var records = held.filter { $0.isOpen(at: now) && $0.key.isListed(after: after) }
            for row in rows where !heldKeys.contains(row.key) {
                if let newest = try transaction.get(row.key), newest.isOpen(at: now) { records.append(newest) }
            }
            records.sort { $1.key.isListed(after: ($0.key.userID, $0.key.chatID)) }
            let shown = records.prefix(
                PageLimits.count(records, limit: Int(params.limit)) {
                    1_024 + JSONValue.object($0.data).serialized().count
                }
            )
            return (
                shown.map { ($0, transaction.placement(of: $0.key)) },
                records.count > shown.count ? shown.last?.key : nil
            )
        }
        return {
            await promise.value.map { stored in
                StateList.Output(
                    conversations: stored.output.0.map { record, placement in
                        .init(key: record.key, state: record.conversation(storedIn: placement.storedIn))
                    },
                    nextCursor: stored.output.1.map { JSONValue.array([.string($0.userID), .string($0.chatID)]).text })
            }
        }
    }

    private static func position(_ cursor: String?) throws(RPCError) -> (userID: String, chatID: String) {
        guard let cursor else { return ("", "") }
        guard let parts = (try? JSONValue(parsing: cursor))?.arrayValue?.compactMap(\.stringValue), parts.count == 2
        else { throw .invalidArgument("cursor", "the next_cursor of an earlier page") }
        return (parts[0], parts[1])
    }

    /// Turns expired conversations into tombstones, some at a time, and empties tombstones that are old enough. Both go
    /// by clocks that agree (see `ClockWatch`); where the clocks disagree, a later sweep decides.
    /// - Returns: the number of conversations that became tombstones.
    public func sweep() async -> Result<Int, RPCError> {
        var total = 0
        var position: SweepPosition?
        while true {
            switch await sweepOnce(after: position) {
            case .failure(let error): return .failure(error)
            case .success((let count, let next)):
                total += count
                position = next
                guard next == nil else {
                    // A cancelled sweep has still done the part that it counted; the next one continues.
                    do { try await Task.sleep(for: Self.sweepPause) } catch { return .success(total) }
                    continue
                }
                return await prune().map { total }
            }
        }
    }

    /// Empties tombstones that are old enough, some at a time.
    private func prune() async -> Result<Void, RPCError> {
        while true {
            let promise = tiers.submit(isUse: false) { transaction throws(RPCError) in
                try transaction.prune(keptFor: Self.tombstonesKeptFor, limit: Self.sweepBatch)
            }
            switch await promise.value.map(\.output) {
            case .failure(let error): return .failure(error)
            case .success(let pruned?):
                // A tier has the same tombstones as this store. If there is nothing to empty here, there is nothing
                // there.
                if !pruned.keys.isEmpty { tiers.pruneTiers(before: pruned.horizon) }
                if pruned.keys.count < Self.sweepBatch { return .success(()) }
            case .success(nil): return .success(())
            }
        }
    }

    private func sweepOnce(
        after position: SweepPosition?
    ) async -> Result<(count: Int, next: SweepPosition?), RPCError> {
        let promise = tiers.submit(isUse: false) { transaction throws(RPCError) in
            try transaction.sweep(after: position, limit: Self.sweepBatch)
        }
        return await promise.value.map(\.output)
    }

    // MARK: Other tiers

    /// Compares all rows of every remote tier with ours, and sends each tier what it may lack. Returns at once.
    public func reconcile() { tiers.reconcile() }

    /// Imports conversations that another program kept, if they are open and newer than the known ones.
    /// - Returns: how many were imported; `invalidArgument`, and none imported, if one was changed more than a year
    ///   from now.
    public func importConversations(_ items: [StateImport.Item]) async -> Result<Int, RPCError> {
        let promise = tiers.submit { transaction throws(RPCError) in
            var count = 0
            for item in items where try transaction.importConversation(item) { count += 1 }
            return count
        }
        return await promise.value.map(\.output)
    }

    // MARK: Facts

    /// The time when `fact` was recorded; nil when it was not. A fact is not visible in the rows.
    public func remembered(_ fact: String) async -> Result<Timestamp?, RPCError> {
        let promise = tiers.submit { transaction throws(RPCError) in
            try transaction.ask { table throws(SQLiteError) in try table.fact(fact) }
        }
        return await promise.value.map { $0.output.map(Timestamp.init(clamping:)) }
    }

    /// Records `fact` on the disk.
    public func remember(_ fact: String) async -> Result<Void, RPCError> {
        let promise = tiers.submit { transaction throws(RPCError) in
            let now = transaction.now.milliseconds
            try transaction.ask { table throws(SQLiteError) in try table.raiseFact(fact, to: now) }
        }
        return await promise.value.map { _ in }
    }
}

extension ConversationKey {
    /// In the order of SQLite, which is by bytes.
    fileprivate func isListed(after position: (userID: String, chatID: String)) -> Bool {
        if !userID.utf8.elementsEqual(position.userID.utf8) {
            return position.userID.utf8.lexicographicallyPrecedes(userID.utf8)
        }
        return position.chatID.utf8.lexicographicallyPrecedes(chatID.utf8)
    }
}
