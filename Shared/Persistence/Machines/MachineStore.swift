public import Contracts

/// `user_machines` in tiers: the work of the methods of `library.sock`.
public struct MachineStore: Sendable {
    public typealias Answer<Output: Sendable> = @Sendable () async -> Result<Output, RPCError>
    typealias Transaction = StoreTransaction<MachineTable>

    static let pruneBatch = 50

    private let tiers: TieredStore<MachineTable>
    private let path: String
    private let now: @Sendable () -> Timestamp

    /// - Parameters:
    ///   - memoryLimit: the bound of the memory tier, in bytes.
    ///   - steady: the monotonic clock by which the wall clock `now` is judged.
    ///   - journalPath: the path of the spill file for records in memory only; nil: none.
    ///   - happened: called with each event that an operator should read in the log. Must not block.
    ///   - progressed: called repeatedly while the start takes time. Must not block.
    /// - Throws: see `TieredStore`.
    public init(
        path: String, memoryLimit: Int, now: @escaping @Sendable () -> Timestamp,
        steady: @escaping @Sendable () -> ContinuousClock.Instant = { .now }, remote: RemoteTiers = RemoteTiers(),
        journalPath: String? = nil,
        happened: @escaping @Sendable (StoreEvent) -> Void = { _ in },
        progressed: @escaping @Sendable (StartStep) -> Void = { _ in }
    ) async throws(LocalTableError) {
        tiers = try await TieredStore(
            path: path, memoryLimit: memoryLimit, now: now, steady: steady, policy: remote.policy,
            journalPath: journalPath,
            happened: happened, progressed: progressed
        ) { report in remote.ports(PostgresMachineTable.self, at: path, now: now, report) }
        self.path = path
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
        await tiers.changeTiers(keeping: kept) { report in
            remote.ports(PostgresMachineTable.self, at: path, now: now, report)
        }
    }

    public func checkNickname(_ params: LibraryCheckNickname.Params) -> Answer<LibraryCheckNickname.Output> {
        answer({ transaction throws(RPCError) in
            transaction.onlyReads()
            let owner = try transaction.owner(of: params.nickname, userID: params.userID)
            var own: MachineRecord?
            if let requestID = params.requestID { own = try transaction.added(by: requestID) }
            let isTaken = owner != nil && owner != own?.id
            return LibraryCheckNickname.Output(
                available: !isTaken,
                suggestion: isTaken ? try transaction.freeNickname(like: params.nickname, userID: params.userID) : nil)
        }) { $0.output }
    }

    /// Idempotent by request id: a repeated request returns the same machine and adds none.
    public func add(_ params: LibraryAdd.Params) -> Answer<StoredMachine> {
        answer({ transaction throws(RPCError) in try transaction.add(params) }, Self.storedMachine)
    }

    public func get(_ params: MachineReference) -> Answer<LibraryGet.Output> {
        answer({ transaction throws(RPCError) in
            transaction.onlyReads()
            return try transaction.machine(params)
        }) { stored in
            LibraryGet.Output(machine: stored.output.machine(storedIn: stored.placement.storedIn))
        }
    }

    public func update(_ params: LibraryUpdate.Params) -> Answer<StoredMachine> {
        answer({ transaction throws(RPCError) in try transaction.update(params) }, Self.storedMachine)
    }

    public func delete(_ params: MachineReference) -> Answer<LibraryDelete.Output> {
        answer({ transaction throws(RPCError) in try transaction.delete(params) }) { stored in
            LibraryDelete.Output(deleted: stored.output, isDurable: stored.placement.isDurable)
        }
    }

    public func restore(_ params: LibraryRestore.Params) -> Answer<StoredMachine> {
        answer({ transaction throws(RPCError) in try transaction.restore(params) }, Self.storedMachine)
    }

    /// Renamed machines whose owners do not know it yet.
    public func renamings() -> Answer<LibraryRenamings.Output> {
        answer({ transaction throws(RPCError) in
            transaction.onlyReads()
            return try transaction.renamed(limit: LibraryRenamings.machinesMax)
        }) { stored in
            LibraryRenamings.Output(
                renamings: stored.output.map {
                    .init(
                        userID: $0.userID, id: $0.id, nickname: $0.details.nickname, renamedFrom: $0.renamedFrom ?? "")
                })
        }
    }

    public func renamingTold(_ params: MachineReference) -> Answer<LibraryRenamingTold.Output> {
        answer({ transaction throws(RPCError) in try transaction.acknowledgeRenaming(params) }) { stored in
            LibraryRenamingTold.Output(told: stored.output, isDurable: stored.placement.isDurable)
        }
    }

    /// Compares all rows of every remote tier with ours, and sends each tier what it may lack. Returns at once.
    public func reconcile() { tiers.reconcile() }

    public func list(_ params: LibraryList.Params) throws(RPCError) -> Answer<LibraryList.Output> {
        let position = try Self.position(params.cursor)
        let query = MachineQuery(params.query)
        return answer({ transaction throws(RPCError) in
            transaction.onlyReads()
            return try transaction.page(
                userID: params.userID, query: query, after: position, limit: Int(params.limit))
        }) { stored in
            let page = stored.output
            return LibraryList.Output(
                machines: page.machines.map { record, placement in record.machine(storedIn: placement.storedIn) },
                total: page.total, nextCursor: page.next.map(Self.cursor))
        }
    }

    /// Empties the tombstones of machines that were deleted more than 30 days ago, by clocks that agree (see
    /// `ClockWatch`).
    /// - Returns: the number of emptied tombstones.
    public func prune() async -> Result<Int, RPCError> {
        var total = 0
        while true {
            let promise = tiers.submit(isUse: false) { transaction throws(RPCError) in
                try transaction.prune(keptFor: LibraryRestore.keptFor, limit: Self.pruneBatch)
            }
            switch await promise.value.map(\.output) {
            case .failure(let error): return .failure(error)
            case .success(nil): return .success(total)
            case .success(let pruned?):
                total += pruned.keys.count
                // A tier has the same tombstones as this store. If there is nothing to empty here, there is nothing
                // there.
                if !pruned.keys.isEmpty { tiers.pruneTiers(before: pruned.horizon) }
                if pruned.keys.count < Self.pruneBatch { return .success(total) }
            }
        }
    }

    private func answer<Decision: Sendable, Output: Sendable>(
        _ decide: @escaping @Sendable (inout Transaction) throws(RPCError) -> Decision,
        _ output: @escaping @Sendable (Stored<Decision>) -> Output
    ) -> Answer<Output> {
        let promise = tiers.submit(decide)
        return { await promise.value.map(output) }
    }

    @Sendable private static func storedMachine(_ stored: Stored<MachineRecord>) -> StoredMachine {
        StoredMachine(
            machine: stored.output.machine(storedIn: stored.placement.storedIn), isDurable: stored.placement.isDurable)
    }

    private static func cursor(_ position: MachineTable.Position) -> String {
        JSONValue.array([.integer(position.createdAt.milliseconds), .string(position.id)]).text
    }

    private static func position(_ cursor: String?) throws(RPCError) -> MachineTable.Position? {
        guard let cursor else { return nil }
        guard let parts = (try? JSONValue(parsing: cursor))?.arrayValue, parts.count == 2,
            let milliseconds = parts[0].integerValue, Timestamp.range.contains(milliseconds),
            let id = parts[1].stringValue
        else { throw .invalidArgument("cursor", "the next_cursor of an earlier page") }
        return MachineTable.Position(createdAt: Timestamp(milliseconds: milliseconds), id: id)
    }
}
