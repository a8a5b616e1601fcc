import Contracts
import KillPoints
import Logging
import Sending
import Synchronization
import TelegramBotAPI

/// Sends replies and tap acknowledgements. `SendQueue` decides; this performs its actions with Telegram and the
/// state-service.
final class Sender<Calls: ServiceCalls>: Sendable {
    typealias Queue = SendQueue<LaneKey, Outgoing>
    typealias Ending = @Sendable (SendResolution) -> Void

    /// How long Telegram accepts a tap acknowledgement.
    static var tapUsefulFor: Duration { .seconds(150) }
    /// How long a passing message is worth sending: one that is of use only now.
    static var passingUsefulFor: Duration { .seconds(10) }

    private enum Work: Sendable {
        case send(Int, Queue.Item, SendForm)
        case store(LaneKey, [SendRow<Outgoing>])
        case probe
        case wake(Duration)
    }

    private struct State {
        var queue: Queue
        /// The callbacks for the resolutions, by the queue's token for each item.
        var endings: [Int: Ending] = [:]
        /// The times until which a task sleeps. Each is earlier than those that were armed before it.
        var armed: [Duration] = []
        /// The callers that wait for the rows of an earlier process to be known, and those of `finish`.
        var waitForTakeover: [CheckedContinuation<Void, Never>] = []
        var waitForRest: [CheckedContinuation<Void, Never>] = []
        var isTakenOver = false
        var isStopping = false
        /// `run` has ended: the queue's actions are no longer performed.
        var isOver = false
    }

    private let calls: Calls
    private let telegram: TelegramCalls
    private let directory: GroupDirectory<Calls>
    private let counters: Counters
    private let logger: Logger
    private let wallNow: @Sendable () -> Timestamp
    private let start = ContinuousClock.now
    private let state: Mutex<State>
    private let works: AsyncStream<Work>
    private let work: AsyncStream<Work>.Continuation

    init(
        calls: Calls, bot: TelegramBot, limits: SendLimits, times: SendTimes = .ofThisProcess,
        directory: GroupDirectory<Calls>, counters: Counters,
        logger: Logger, now: @escaping @Sendable () -> Timestamp
    ) {
        self.calls = calls
        telegram = TelegramCalls(bot: bot)
        self.directory = directory
        self.counters = counters
        self.logger = logger
        wallNow = now
        state = Mutex(State(queue: Queue(limits, times: times)))
        (works, work) = AsyncStream.makeStream()
    }

    // MARK: - Queued replies

    /// The number of lanes with queued replies that are stored or will be.
    var laneCount: Int { state.withLock { $0.queue.owedLaneCount } }

    /// When the oldest queued reply was made; nil if none is queued.
    var oldestQueuedAt: Timestamp? {
        state.withLock { state in
            state.queue.owedContents.compactMap { if case .reply(let reply) = $0 { reply.queuedAt } else { nil } }.min()
        }
    }

    /// Whether the lane has queued replies, even of an earlier process. Waits until that is known or the gateway stops.
    ///
    /// - Parameter isSoon: without those that wait for minutes because their outcome is unknown.
    func owes(_ lane: LaneKey, isSoon: Bool = false) async -> Bool {
        await withCheckedContinuation { continuation in
            let isKnown = state.withLock { state in
                if state.isTakenOver || state.isStopping { return true }
                state.waitForTakeover.append(continuation)
                return false
            }
            if isKnown { continuation.resume() }
        }
        return state.withLock { isSoon ? $0.queue.owesSoon(lane, now: now) : $0.queue.owes(lane) }
    }

    // MARK: - Hand-over

    /// Sends the reply, in the order of its lane. Returns when it is sent, or certain to be: a limit on the pace keeps
    /// no caller waiting.
    func deliver(_ reply: OutgoingReply, to lane: LaneKey, isPassing: Bool = false) async -> SendResolution {
        await withCheckedContinuation { continuation in
            handOver(reply, to: lane, isPassing: isPassing) { continuation.resume(returning: $0) }
        }
    }

    /// The same without waiting. `ended` is called once, with the resolution.
    func handOver(_ reply: OutgoingReply, to lane: LaneKey, isPassing: Bool = false, ended: @escaping Ending) {
        handOver(item(reply, lane, isPassing ? .passing : nil), ended)
    }

    /// Ends the spinner on a button.
    func answer(_ tap: Turn.Tap, of turn: Turn, text: String?, ended: @escaping Ending = { _ in }) {
        handOver(
            Queue.Item(
                lane: turn.lane, chatID: turn.lane.chatID, isGroup: turn.isGroup, updateID: turn.updateID,
                policy: .tapAnswer, expiresAt: now + Self.tapUsefulFor,
                content: .tapAnswer(queryID: tap.queryID, text: text)), ended)
    }

    /// The group became a supergroup: what is queued for it goes there.
    func migrated(_ pair: GroupIDs.Pair) {
        act { state, now in state.queue.migrated(pair.group, to: pair.supergroup, now: now) }
    }

    private func handOver(_ item: Queue.Item, _ ended: @escaping Ending) {
        act { state, now in
            let token = state.queue.handedOver(item, now: now)
            state.endings[token] = ended
        }
    }

    private func item(_ reply: OutgoingReply, _ lane: LaneKey, _ policy: SendPolicy? = nil) -> Queue.Item {
        let age = Duration.milliseconds(max(0, wallNow().milliseconds - reply.queuedAt.milliseconds))
        let policy = policy ?? (reply.replaces == nil ? .message : .edit)
        return Queue.Item(
            lane: lane, chatID: lane.chatID, isGroup: reply.isGroup, updateID: reply.updateID, policy: policy,
            expiresAt: now + (policy == .passing ? Self.passingUsefulFor : OutboxRow.keptFor - age),
            content: .reply(reply))
    }

    // MARK: - Work

    /// Takes over the rows of an earlier process, and sends until cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.takeOver() }
            for await work in works { group.addTask { await self.perform(work) } }
            group.cancelAll()
        }
        stop()
        act { state, _ in state.isOver = true }
        // What was handed over after the last work ended is not sent, and its updates come again.
        let left = state.withLock { state in
            defer { state.endings = [:] }
            return Array(state.endings.values)
        }
        for ending in left { ending(.stopping) }
    }

    /// Starts nothing more. Returns when what is in progress has ended and is stored, or when `run` has ended.
    func finish() async {
        stop()
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                if state.isOver || state.queue.isAtRest { return true }
                state.waitForRest.append(continuation)
                return false
            }
            if isOver { continuation.resume() }
        }
    }

    private func stop() {
        act { state, now in
            state.isStopping = true
            state.queue.stopped(now: now)
        }
    }

    private var now: Duration { ContinuousClock.now - start }

    /// Passes an event to the queue, and performs its actions.
    private func act(_ error: TelegramError? = nil, _ event: (inout State, Duration) -> Void) {
        let (actions, endings, waiters) = state.withLock { state in
            let now = now
            event(&state, now)
            let actions = state.queue.actions(now: now)
            if let wake = state.queue.wakeAt, state.armed.last.map({ wake < $0 }) ?? true {
                state.armed.append(wake)
                work.yield(.wake(wake))
            }
            var endings: [(Ending, SendResolution)] = []
            for case .resolved(let id, let resolution) in actions {
                if let ending = state.endings.removeValue(forKey: id) { endings.append((ending, resolution)) }
            }
            return (actions, endings, waitersToWake(&state))
        }
        for action in actions { perform(action, error) }
        for (ending, resolution) in endings {
            if resolution == .stored { counters.add(.repliesQueued) }
            ending(resolution)
        }
        for waiter in waiters { waiter.resume() }
    }

    private func waitersToWake(_ state: inout State) -> [CheckedContinuation<Void, Never>] {
        var waiters: [CheckedContinuation<Void, Never>] = []
        if state.isTakenOver || state.isStopping { swap(&waiters, &state.waitForTakeover) }
        if state.isStopping, state.isOver || state.queue.isAtRest {
            waiters += state.waitForRest
            state.waitForRest = []
        }
        return waiters
    }

    private func perform(_ action: Queue.Action, _ error: TelegramError?) {
        switch action {
        case .send(let id, let item, let form): work.yield(.send(id, item, form))
        case .store(let lane, let row): work.yield(.store(lane, row))
        case .probe: work.yield(.probe)
        case .resolved: break
        case .report(let report, let item): logAndCount(report, item, error)
        case .sent(let item):
            guard case .reply(let reply) = item.content else { return }
            counters.add(.repliesSent)
            counters.sent(reply, at: wallNow())
        }
    }

    private func logAndCount(_ report: SendReport, _ item: Queue.Item, _ error: TelegramError?) {
        var metadata = item.content.logMetadata
        if let error { metadata["error"] = "\(error)" }
        switch report {
        case .plain:
            return logger.error(
                "Telegram refused the markup of a reply; it is sent as plain text", metadata: metadata)
        case .refused: logger.error("a reply cannot be sent; it is dropped", metadata: metadata)
        case .expired: logger.warning("a reply could not be sent for 24 h; it is dropped", metadata: metadata)
        case .unknown:
            logger.error(
                "after all tries it is unknown whether a reply was sent; it is not sent again",
                metadata: metadata)
        }
        counters.add(.repliesFailed)
    }

    private func perform(_ work: Work) async {
        switch work {
        case .wake(let time):
            try? await Task.sleep(until: start + time, clock: .continuous)
            act { state, _ in state.armed.removeAll { $0 == time } }
        case .send(let id, let item, let form):
            let error = await telegram.send(item, form)
            if case .badRequest(.migrated(let supergroup)) = error {
                directory.told(GroupIDs.Pair(group: item.chatID, supergroup: supergroup))
            }
            act(error) { state, now in
                state.queue.ended(id, SendOutcome(error), now: now)
            }
        case .store(let lane, let row):
            let isDurable = await store(lane, row)
            act { state, now in state.queue.stored(lane, isDurable: isDurable, now: now) }
        case .probe:
            let error = await telegram.probe()
            act { state, now in state.queue.probed(SendOutcome(error), now: now) }
        }
    }

    /// - Returns: whether a durable tier has the row.
    private func store(_ lane: LaneKey, _ row: [SendRow<Outgoing>]) async -> Bool {
        let key = lane.conversation(ConversationKey.outbox)
        do throws(ServiceFailure) {
            let placement =
                row.isEmpty
                ? try await calls.call(StateClear.self, .init(key: key, reason: .completed)).placement
                : try await calls.call(StateSave.self, .init(key: key, step: OutboxRow.step, data: OutboxRow.data(row)))
                    .placement
            guard placement.isDurable else { return false }
        } catch {
            // An unavailable peer is on the status board and in the log already. The queue tries again.
            if case .refused(let error) = error {
                logger.error(
                    "the state-service refuses the queued replies of a chat; trying again",
                    metadata: ["chat.id": "\(lane.chat)", "error": "\(error)"])
            }
            return false
        }
        if row.isEmpty { killPoint("gateway.after-outbox-send") } else { killPoint("gateway.after-outbox") }
        return true
    }

    /// Takes over the rows of an earlier process, for all lanes.
    private func takeOver() async {
        var retry = Retry()
        var cursor: String?
        while !Task.isCancelled {
            do throws(ServiceFailure) {
                let page = try await calls.call(StateList.self, .init(type: ConversationKey.outbox, cursor: cursor))
                act { state, now in
                    for conversation in page.conversations {
                        guard let lane = LaneKey(conversation.key) else { continue }
                        let rows = OutboxRow.replies(conversation.state.data).map { (item($0.reply, lane), $0.tries) }
                        state.queue.tookOver(lane, rows, now: now)
                    }
                }
                cursor = page.nextCursor
                guard cursor == nil else { continue }
                return act { state, now in
                    state.isTakenOver = true
                    state.queue.tookOverAll(now: now)
                }
            } catch {
                await retry.wait()
            }
        }
    }
}
