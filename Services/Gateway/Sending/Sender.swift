import Contracts
import KillPoints
import Logging
import Sending
import Synchronization
import TelegramBotAPI

/// Sends what is owed. The decisions are `SendQueue`'s; this does what it asks for, with Telegram and the state-service.
final class Sender<Calls: ServiceCalls>: Sendable {
    typealias Queue = SendQueue<LaneKey, Outgoing>
    typealias Ending = @Sendable (SendResolution) -> Void

    /// How long Telegram takes the answer to a tap.
    static var tapUsefulFor: Duration { .seconds(150) }
    /// How long a message is worth something that is worth it only now.
    static var passingUsefulFor: Duration { .seconds(10) }

    private enum Work: Sendable {
        case send(Int, Queue.Item, SendForm)
        case store(LaneKey, [SendRow<Outgoing>])
        case probe
        case wake(Duration)
    }

    private struct State {
        var queue: Queue
        /// Who is told of the resolution of what they handed over.
        var endings: [Int: Ending] = [:]
        /// The times for which a task sleeps; each is earlier than those that were armed before it.
        var armed: [Duration] = []
        /// Who waits for the rows of an earlier process to be known, or for the end.
        var waitForTakeover: [CheckedContinuation<Void, Never>] = []
        var waitForRest: [CheckedContinuation<Void, Never>] = []
        var isTakenOver = false
        var isStopping = false
        /// What the queue asks for is not done any more.
        var isOver = false
    }

    private let calls: Calls
    private let telegram: TelegramCalls
    private let counters: Counters
    private let logger: Logger
    private let wallNow: @Sendable () -> Timestamp
    private let start = ContinuousClock.now
    private let state: Mutex<State>
    private let works: AsyncStream<Work>
    private let work: AsyncStream<Work>.Continuation

    init(
        calls: Calls, bot: TelegramBot, limits: SendLimits, times: SendTimes = .ofThisProcess, counters: Counters,
        logger: Logger, now: @escaping @Sendable () -> Timestamp
    ) {
        self.calls = calls
        telegram = TelegramCalls(bot: bot)
        self.counters = counters
        self.logger = logger
        wallNow = now
        state = Mutex(State(queue: Queue(limits, times: times)))
        (works, work) = AsyncStream.makeStream()
    }

    // MARK: - What is owed

    /// Lanes that are owed something which is stored.
    var laneCount: Int { state.withLock { $0.queue.owedLaneCount } }

    /// When the reply was made that has been owed longest.
    var oldestQueuedAt: Timestamp? {
        state.withLock { state in
            state.queue.owedContents.compactMap { if case .reply(let reply) = $0 { reply.queuedAt } else { nil } }.min()
        }
    }

    /// Whether the lane is owed anything, by an earlier process too. Waits until that is known, or we are stopping.
    func owes(_ lane: LaneKey) async -> Bool {
        await withCheckedContinuation { continuation in
            let isKnown = state.withLock { state in
                if state.isTakenOver || state.isStopping { return true }
                state.waitForTakeover.append(continuation)
                return false
            }
            if isKnown { continuation.resume() }
        }
        return state.withLock { $0.queue.owes(lane) }
    }

    // MARK: - Hand-over

    /// Has the reply sent, in the order of its lane. Returns when that is done, or certain: never because of a pace.
    func deliver(_ reply: OutgoingReply, to lane: LaneKey, isPassing: Bool = false) async -> SendResolution {
        await withCheckedContinuation { continuation in
            handOver(reply, to: lane, isPassing: isPassing) { continuation.resume(returning: $0) }
        }
    }

    /// The same; `ended` is called once.
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
            lane: lane, chatID: reply.chatID, isGroup: reply.isGroup, updateID: reply.updateID, policy: policy,
            expiresAt: now + (policy == .passing ? Self.passingUsefulFor : OutboxRow.keptFor - age),
            content: .reply(reply))
    }

    // MARK: - Work

    /// Takes over what an earlier process left, and sends until cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.takeOver() }
            for await work in works { group.addTask { await self.perform(work) } }
            group.cancelAll()
        }
        stop()
        act { state, _ in state.isOver = true }
        // What was begun after the last work had ended is not done, and its updates come again.
        let left = state.withLock { state in
            defer { state.endings = [:] }
            return Array(state.endings.values)
        }
        for ending in left { ending(.stopping) }
    }

    /// Begins nothing more, and returns when what was begun has ended and is stored, or when `run` has ended.
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

    /// Tells the queue of an event, and does what it asks for.
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
        case .report(let report, let item): tell(report, item, error)
        case .sent(let item):
            guard case .reply(let reply) = item.content else { return }
            counters.add(.repliesSent)
            counters.sent(reply, at: wallNow())
        }
    }

    private func tell(_ report: SendReport, _ item: Queue.Item, _ error: TelegramError?) {
        var metadata = item.content.logMetadata
        if let error { metadata["error"] = "\(error)" }
        switch report {
        case .plain:
            return logger.error(
                "Telegram refused the mark-up of a reply; it is sent as plain text", metadata: metadata)
        case .refused: logger.error("a reply cannot be sent; it is dropped", metadata: metadata)
        case .expired: logger.warning("a reply could not be sent for 24 h; it is dropped", metadata: metadata)
        case .unknown:
            logger.error(
                "whether a reply was sent is not known after each of its tries; it is not sent again",
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

    /// Returns whether a durable tier has it.
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
            // Who is away is on the status board, and in the log; the queue tries again.
            if case .refused(let error) = error {
                logger.error(
                    "the state-service refuses what a chat is owed; it is tried again",
                    metadata: ["chat.id": "\(lane.chat)", "error": "\(error)"])
            }
            return false
        }
        if row.isEmpty { killPoint("gateway.after-outbox-send") } else { killPoint("gateway.after-outbox") }
        return true
    }

    /// Takes over what an earlier process left, for all lanes.
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
