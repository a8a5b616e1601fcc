import Contracts
import KillPoints
import Logging
import Synchronization
import TelegramBotAPI

/// The replies that could not be sent at once: kept in the state-service, sent by one sender for each lane, in order.
final class Outbox<Calls: ServiceCalls>: Sendable {
    static var retryBase: Duration { .milliseconds(500) }
    static var retryCap: Duration { .seconds(30) }
    /// How long one try of a sender may take.
    static var patience: Duration { .seconds(20) }

    private struct State {
        /// Of lanes that are owed something.
        var queues: [LaneKey: OutboxQueue] = [:]
        /// Whether all that an earlier process left is in `queues`.
        var isResumed = false
    }

    private let calls: Calls
    private let courier: Courier
    private let counters: Counters
    private let logger: Logger
    private let now: @Sendable () -> Timestamp
    private let state = Mutex(State())
    private let locks = KeyedLocks<LaneKey>()
    private let starts: AsyncStream<(LaneKey, Duration)>
    private let started: AsyncStream<(LaneKey, Duration)>.Continuation

    init(
        calls: Calls, courier: Courier, counters: Counters, logger: Logger, now: @escaping @Sendable () -> Timestamp
    ) {
        self.calls = calls
        self.courier = courier
        self.counters = counters
        self.logger = logger
        self.now = now
        (starts, started) = AsyncStream.makeStream()
    }

    /// Lanes that are owed something.
    var laneCount: Int { state.withLock { $0.queues.count } }

    /// When the reply was made that has been in the outbox longest.
    var oldestQueuedAt: Timestamp? { state.withLock { $0.queues.values.compactMap { $0.first?.queuedAt }.min() } }

    /// Finds what is owed, and sends until cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.resume() }
            for await (lane, delay) in starts {
                group.addTask { await self.deliver(lane, after: delay) }
            }
            group.cancelAll()
        }
    }

    /// Whether a new reply to the lane must queue behind older ones.
    func owes(_ lane: LaneKey) async throws(ServiceFailure) -> Bool {
        let (known, isResumed) = state.withLock { ($0.queues[lane] != nil, $0.isResumed) }
        if known || isResumed { return known }
        return try await locks.withLock(lane) { await self.adopt(lane) }.get()
    }

    /// Keeps the reply until it can be sent. When it returns, that is durable.
    ///
    /// - Parameter readyIn: how long Telegram wants to be left alone.
    func keep(_ reply: OutgoingReply, for lane: LaneKey, readyIn: Duration = .zero) async throws(ServiceFailure) {
        try await locks.withLock(lane) { await self.append(reply, lane, readyIn) }.get()
    }

    // MARK: - Content

    private func append(
        _ reply: OutgoingReply, _ lane: LaneKey, _ readyIn: Duration
    ) async -> Result<Void, ServiceFailure> {
        let before = state.withLock { $0.queues[lane] }
        var queue = before ?? OutboxQueue()
        let dropped = queue.append(reply)
        do throws(ServiceFailure) {
            guard try await store(queue, lane) else {
                // Without a durable place the reply stays with its turn, and must not be found here as well.
                _ = try await store(before ?? OutboxQueue(), lane)
                throw .unavailable(.state, reason: "only memory holds what is written")
            }
        } catch {
            return .failure(error)
        }
        killPoint("gateway.after-outbox")
        state.withLock { $0.queues[lane] = queue }
        counters.add(.repliesQueued)
        counters.add(.repliesFailed, dropped)
        if before == nil { started.yield((lane, readyIn)) }
        return .success(())
    }

    /// Returns whether a durable tier has it.
    private func store(_ queue: OutboxQueue, _ lane: LaneKey) async throws(ServiceFailure) -> Bool {
        let key = lane.conversation(OutboxQueue.conversationType)
        if queue.isEmpty {
            return try await calls.call(StateClear.self, .init(key: key, reason: .completed)).placement.isDurable
        }
        return try await calls.call(
            StateSave.self, .init(key: key, step: OutboxQueue.step, data: queue.data)
        ).placement.isDurable
    }

    /// Takes over what an earlier process left for one lane. Returns whether it is owed anything.
    private func adopt(_ lane: LaneKey) async -> Result<Bool, ServiceFailure> {
        if state.withLock({ $0.queues[lane] != nil }) { return .success(true) }
        do throws(ServiceFailure) {
            let key = lane.conversation(OutboxQueue.conversationType)
            let stored = try await calls.call(StateLoad.self, .init(key: key)).state
            let queue = OutboxQueue(stored?.data ?? [:])
            guard !queue.isEmpty else { return .success(false) }
            state.withLock { $0.queues[lane] = queue }
            started.yield((lane, .zero))
            return .success(true)
        } catch {
            return .failure(error)
        }
    }

    /// Takes over what an earlier process left, for all lanes.
    private func resume() async {
        var backoff = Backoff(base: Self.retryBase, cap: Self.retryCap)
        var cursor: String?
        while !Task.isCancelled {
            do throws(ServiceFailure) {
                let page = try await calls.call(
                    StateList.self, .init(type: OutboxQueue.conversationType, cursor: cursor))
                for lane in page.conversations.compactMap({ LaneKey($0.key) }) {
                    _ = try await locks.withLock(lane) { await self.adopt(lane) }.get()
                }
                cursor = page.nextCursor
                if cursor == nil {
                    state.withLock { $0.isResumed = true }
                    return
                }
            } catch {
                var generator = SystemRandomNumberGenerator()
                try? await Task.sleep(for: backoff.failed(using: &generator))
            }
        }
    }

    // MARK: - Sending

    /// Sends a lane's replies until none is left.
    private func deliver(_ lane: LaneKey, after delay: Duration) async {
        var generator = SystemRandomNumberGenerator()
        var backoff = Backoff(base: Self.retryBase, cap: Self.retryCap)
        var wait = delay
        while !Task.isCancelled {
            if wait > .zero { try? await Task.sleep(for: wait) }
            if Task.isCancelled { return }
            guard let reply = state.withLock({ $0.queues[lane]?.first }) else { return }
            if reply.queuedAt.advanced(by: OutboxQueue.keptFor) > now() {
                switch await courier.send(reply, within: Self.patience) {
                case .sent:
                    counters.sent(reply, at: now())
                    backoff.succeeded()
                case .dropped: backoff.succeeded()
                case .late(let readyIn):
                    wait = max(readyIn, backoff.failed(using: &generator))
                    continue
                case .stopping: return
                }
            } else {
                logger.warning(
                    "a reply could not be sent for 24 h; it is dropped", metadata: reply.logMetadata)
                counters.add(.repliesFailed)
            }
            wait = .zero
            // Should this fail for long, a later process sends the reply again: once too often rather than never.
            while await locks.withLock(lane, { await self.remove(reply, lane) }) == false {
                try? await Task.sleep(for: backoff.failed(using: &generator))
                if Task.isCancelled { return }
            }
        }
    }

    /// Returns false if the state-service could not be told.
    private func remove(_ reply: OutgoingReply, _ lane: LaneKey) async -> Bool {
        guard var queue = state.withLock({ $0.queues[lane] }) else { return true }
        queue.remove(updateID: reply.updateID)
        do throws(ServiceFailure) { _ = try await store(queue, lane) } catch { return false }
        killPoint("gateway.after-outbox-send")
        state.withLock { $0.queues[lane] = queue.isEmpty ? nil : queue }
        return true
    }
}
