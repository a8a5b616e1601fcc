import Contracts
import KillPoints
import Logging
import Synchronization
import TelegramBotAPI

/// Stores waiting updates in rivet-state, so that they can be confirmed to Telegram. Telegram shows only 100
/// unconfirmed updates at a time. Without parking, all of these could belong to lanes that wait, and no other update
/// would be read.
///
/// An update that is not settled within ``patience`` is parked: it is stored in a record of its lane, with all other
/// waiting updates of the lane. It is confirmed to Telegram when a durable tier has it. Meanwhile it stays in its lane.
/// After a restart, lanes continue with the parked updates. If rivet-state could keep the update only in memory, it is
/// not confirmed, so Telegram keeps it.
final class Parking<Calls: ServiceCalls>: Sendable {
    /// How long an update may be in progress before it is parked.
    static var patience: Duration { .milliseconds(200) }
    /// The time between two checks for updates to park.
    static var interval: Duration { .milliseconds(50) }
    /// The bound on the parked updates of all lanes: this process has them in memory as well. More stay with Telegram.
    static var bytesMax: Int { 32 * 1_024 * 1_024 }
    /// The wait after a write that reached no durable tier.
    static var retryAfter: Duration { .seconds(2) }

    private struct Waiting {
        var lane: LaneKey
        var receivedAt: Timestamp
        var json: String
        var since: ContinuousClock.Instant
    }

    /// An update that an earlier process parked.
    struct Found: Sendable {
        var update: Update
        /// When that process received it.
        var receivedAt: Timestamp
        /// The place in the order in which all updates were parked.
        var order: Int64
    }

    private struct State {
        /// Updates that are neither settled nor in a record.
        var waiting: [Int64: Waiting] = [:]
        var lanes: [LaneKey: ParkedUpdates] = [:]
        var laneOfParked: [Int64: LaneKey] = [:]
        /// The lanes whose last write failed, and when to try again.
        var retryAt: [LaneKey: ContinuousClock.Instant] = [:]
        var bytes = 0
        var lastOrder: Int64 = 0
        /// Whether all updates of an earlier process are in their lanes. No update is parked before that.
        var isResumed = false

        var isIdle: Bool { waiting.isEmpty && lanes.allSatisfy { $1.unstored.isEmpty } }
    }

    private let calls: Calls
    private let logger: Logger
    /// Called when the update may be confirmed to Telegram.
    private let confirmed: @Sendable (Int64) -> Void
    private let state = Mutex(State())
    private let wakes: AsyncStream<Void>
    private let wake: AsyncStream<Void>.Continuation
    private let forgets: AsyncStream<Void>
    private let forget: AsyncStream<Void>.Continuation
    private let locks = KeyedLocks<LaneKey>()

    init(calls: Calls, logger: Logger, confirmed: @escaping @Sendable (Int64) -> Void) {
        self.calls = calls
        self.logger = logger
        self.confirmed = confirmed
        (wakes, wake) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        (forgets, forget) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Whether all that an earlier process parked is in its lane.
    var isResumed: Bool { state.withLock { $0.isResumed } }

    /// The number of parked updates that a durable tier has and that are not settled.
    var count: Int { state.withLock { $0.lanes.values.reduce(0) { $0 + $1.storedCount } } }

    /// The lowest id of all updates that may be in a record; nil if there is none.
    var lowestID: Int64? { state.withLock { $0.lanes.values.lazy.compactMap(\.lowestID).min() } }

    /// Telegram delivered the update.
    ///
    /// - Returns: false if it is parked already, and so in its lane.
    func received(_ id: Int64, _ lane: LaneKey, at receivedAt: Timestamp, json: String) -> Bool {
        let (isNew, isStored) = state.withLock { state -> (Bool, Bool) in
            if let lane = state.laneOfParked[id] { return (false, state.lanes[lane]?.entry(id)?.isStored ?? false) }
            if state.waiting.isEmpty { wake.yield() }
            state.waiting[id] = Waiting(lane: lane, receivedAt: receivedAt, json: json, since: .now)
            return (true, false)
        }
        if isStored { confirmed(id) }
        return isNew
    }

    /// The update has its effect. What is left to do takes little time, or waits for a durable tier. Unless it is
    /// parked already, it stays with Telegram, because a lane remembers only so many of the updates that may come
    /// again.
    func applied(_ id: Int64) { state.withLock { $0.waiting[id] = nil } }

    /// The update is settled.
    func settled(_ id: Int64) {
        let wasStored = state.withLock { state -> Bool in
            state.waiting[id] = nil
            guard let lane = state.laneOfParked.removeValue(forKey: id) else { return false }
            let entry = state.lanes[lane]?.entry(id)
            state.bytes -= entry?.bytes ?? 0
            state.lanes[lane]?.remove(id)
            forget.yield()
            return entry?.isStored ?? false
        }
        if !wasStored { confirmed(id) }
    }

    /// Runs until cancelled: parks waiting updates, and removes settled ones from the records.
    func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                for await _ in self.wakes {
                    while !Task.isCancelled, self.state.withLock({ !$0.isIdle }) {
                        try? await Task.sleep(for: Self.interval)
                        if !Task.isCancelled { await self.write(self.due()) }
                    }
                }
            }
            group.addTask {
                // Done at once: until then, a person hears the reply again after a kill.
                for await _ in self.forgets {
                    await self.write(self.unstoredLanes())
                    // A record that could not be written is tried again with the others.
                    self.wake.yield()
                }
            }
        }
    }

    private func unstoredLanes() -> [LaneKey] {
        state.withLock { state in state.lanes.filter { !$1.unstored.isEmpty }.map(\.key) }
    }

    /// Removes the settled updates from the records: otherwise they would be handled again after a restart.
    func forgetSettled(within deadline: Duration) async {
        let lanes = unstoredLanes()
        guard !lanes.isEmpty else { return }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.write(lanes) }
            group.addTask { try? await Task.sleep(for: deadline) }
            await group.next()
            group.cancelAll()
        }
    }

    // MARK: - After a restart

    /// The updates that an earlier process parked, in the order of each lane. Tries until the state-service has listed
    /// them.
    ///
    /// - Returns: nil when cancelled.
    func resume() async -> [(lane: LaneKey, updates: [Found])]? {
        var retry = Retry()
        while !Task.isCancelled {
            do throws(ServiceFailure) {
                for (record, type) in ParkedUpdates.types.enumerated() {
                    var cursor: String?
                    repeat {
                        let page = try await calls.call(StateList.self, .init(type: type, cursor: cursor))
                        for item in page.conversations { adopt(item, record) }
                        cursor = page.nextCursor
                    } while cursor != nil
                }
                return adopted()
            } catch {
                if case .refused(let error) = error {
                    logger.error(
                        "the state-service refuses to list parked updates; trying again",
                        metadata: ["error": "\(error)"])
                }
                await retry.wait()
            }
        }
        return nil
    }

    /// The updates that ``resume()`` found are in their lanes.
    func resumed() {
        state.withLock { $0.isResumed = true }
        wake.yield()
    }

    /// Waits for ``resumed()``, until `deadline` at most. It is best to know the parked updates before Telegram
    /// delivers them again.
    func waitForResume(until deadline: ContinuousClock.Instant) async {
        while !isResumed, ContinuousClock.now < deadline, !Task.isCancelled {
            try? await Task.sleep(for: .milliseconds(5))
        }
    }

    private func adopt(_ item: StateList.Output.Item, _ record: Int) {
        guard let lane = LaneKey(item.key) else { return }
        state.withLock {
            $0.lanes[lane, default: ParkedUpdates()].adopt(
                item.state.data, record: record, isDurable: item.state.isDurable)
        }
    }

    /// Takes over the entries of the records. Those that Telegram delivered meanwhile are in their lanes already.
    private func adopted() -> [(lane: LaneKey, updates: [Found])] {
        let (lanes, stored, unreadable) = state.withLock { state in
            var result: [(lane: LaneKey, updates: [Found])] = []
            var (stored, unreadable): ([Int64], [Int64]) = ([], [])
            for (lane, parked) in state.lanes {
                var updates: [Found] = []
                for entry in parked.entries where state.laneOfParked[entry.id] == nil {
                    state.lastOrder = max(state.lastOrder, entry.order)
                    state.laneOfParked[entry.id] = lane
                    state.bytes += entry.bytes
                    if state.waiting.removeValue(forKey: entry.id) != nil {
                        if entry.isStored { stored.append(entry.id) }
                    } else if let update = Update(json: entry.json) {
                        updates.append(Found(update: update, receivedAt: entry.receivedAt, order: entry.order))
                    } else {
                        unreadable.append(entry.id)
                    }
                }
                result.append((lane, updates))
            }
            return (result, stored, unreadable)
        }
        for id in stored { confirmed(id) }
        for id in unreadable {
            logger.error("a parked update cannot be read; it is dropped", metadata: ["update.id": "\(id)"])
            settled(id)
        }
        return lanes
    }

    // MARK: - Writing

    /// Puts updates that have waited long enough into records.
    ///
    /// - Returns: the lanes with records to write.
    private func due(at now: ContinuousClock.Instant = .now) -> [LaneKey] {
        state.withLock { state in
            guard state.isResumed else { return [] }
            let overdue = state.waiting.filter { now - $0.value.since >= Self.patience }
            var lanes = Set(overdue.values.map(\.lane)).filter { state.retryAt[$0].map { $0 <= now } ?? true }
            // All updates of these lanes, in the order received: even those that have not waited long enough.
            let all = state.waiting.filter { lanes.contains($0.value.lane) }.sorted {
                ($0.value.since, $0.key) < ($1.value.since, $1.key)
            }
            for (id, waiting) in all where lanes.contains(waiting.lane) {
                state.lastOrder += 1
                let entry = ParkedUpdates.Entry(
                    id: id, order: state.lastOrder, receivedAt: waiting.receivedAt, json: waiting.json)
                guard state.bytes + entry.bytes <= Self.bytesMax,
                    state.lanes[waiting.lane, default: ParkedUpdates()].add(entry)
                else {
                    // Later ones of the lane must not be parked before this one.
                    lanes.remove(waiting.lane)
                    continue
                }
                state.bytes += entry.bytes
                state.waiting[id] = nil
                state.laneOfParked[id] = waiting.lane
            }
            return state.lanes.filter { lane, parked in
                !parked.unstored.isEmpty && (state.retryAt[lane].map { $0 <= now } ?? true)
            }.map(\.key)
        }
    }

    private func write(_ lanes: [LaneKey]) async {
        await withDiscardingTaskGroup { group in
            for lane in lanes { group.addTask { await self.locks.withLock(lane) { await self.write(lane) } } }
        }
    }

    private func write(_ lane: LaneKey) async {
        for record in state.withLock({ $0.lanes[lane]?.unstored ?? [] }).sorted() {
            let entries = state.withLock { $0.lanes[lane]?.entries(of: record) ?? [] }
            guard await store(entries, lane.conversation(ParkedUpdates.types[record])) else {
                state.withLock { $0.retryAt[lane] = .now + Self.retryAfter }
                return
            }
            killPoint("gateway.after-park")
            let new = state.withLock { state in
                state.retryAt[lane] = nil
                let new = state.lanes[lane]?.stored(record, entries) ?? []
                if let parked = state.lanes[lane], parked.isEmpty, parked.unstored.isEmpty { state.lanes[lane] = nil }
                return new
            }
            for id in new { confirmed(id) }
        }
    }

    /// Stores a record.
    ///
    /// - Returns: whether a durable tier has it.
    private func store(_ entries: [ParkedUpdates.Entry], _ key: ConversationKey) async -> Bool {
        do throws(ServiceFailure) {
            guard let data = ParkedUpdates.data(entries) else {
                return try await calls.call(StateClear.self, .init(key: key, reason: .completed)).placement.isDurable
            }
            return try await calls.call(StateSave.self, .init(key: key, step: ParkedUpdates.step, data: data))
                .placement.isDurable
        } catch {
            if case .refused(let error) = error {
                logger.error("the state-service refuses to park updates; trying again", metadata: ["error": "\(error)"])
            }
            return false
        }
    }
}
