private import Logging
private import Synchronization

/// Brings updates in and confirms those that are settled: no other, and these soon.
///
/// An update is handed over once in the life of a poller, however often Telegram delivers it, in the order received. It is confirmed to
/// Telegram only after ``settled(_:)`` was called for it and for all received before it; until then it comes back after a restart. As
/// Telegram shows 100 from the offset on, one update that is never settled holds back those more than 99 behind it. No webhook is touched
/// and no pending update dropped. Whatever the server answers, polling goes on, and ``PollerStatus`` says how.
public final class UpdatePoller: Sendable {
    private let bot: TelegramBot
    private let time: PollerTime
    private let allowedUpdates: [UpdateKindName]
    private let statusChanged: @Sendable (PollerStatus) -> Void
    private let answered: @Sendable (_ isAll: Bool) -> Void
    private let schedule: Mutex<PollSchedule>
    private let status = Mutex<PollerStatus?>(nil)
    private let settledSignal = Signal()
    private let stopSignal = Signal()
    /// When the loop must have come to its next step; nil when it waits for something without an end.
    private let dueAt = Mutex<Duration?>(nil)

    /// Both functions are called from the polling task, and must not block.
    ///
    /// - Parameters:
    ///   - statusChanged: called once for each change.
    ///   - answered: called after each poll that the server answered, when what it brought is handed over. `isAll`: there
    ///     was nothing more.
    public init(
        bot: TelegramBot, limits: PollSchedule.Limits = PollSchedule.Limits(),
        allowedUpdates: [UpdateKindName] = UpdateKindName.allCases, time: PollerTime = .continuous,
        statusChanged: @escaping @Sendable (PollerStatus) -> Void = { _ in },
        answered: @escaping @Sendable (_ isAll: Bool) -> Void = { _ in }
    ) {
        self.bot = bot
        self.time = time
        self.allowedUpdates = allowedUpdates
        self.statusChanged = statusChanged
        self.answered = answered
        schedule = Mutex(PollSchedule(limits: limits))
    }

    /// Telegram will deliver no update with a lower id again; nil when that is not known of any.
    public var settledBefore: Int64? { schedule.withLock { $0.settledBefore } }

    /// Updates handed over and not settled.
    public var unsettledCount: Int { schedule.withLock { $0.ledger.unsettledCount } }

    /// How late a step of the loop may be.
    static let latenessMax: Duration = .seconds(10)

    /// Whether the loop did not come to its next step in time: a poll that is held longer than its own time-out, say. One that the
    /// server holds, a wait after a failure, and one for updates to be settled are in time.
    public var isOverdue: Bool {
        guard let dueAt = dueAt.withLock({ $0 }) else { return false }
        return time.now() > dueAt
    }

    /// The loop's next step comes within `duration`; nil: whenever it comes.
    private func nextStep(within duration: Duration?) {
        let moment = duration.map { time.now() + $0 + Self.latenessMax }
        dueAt.withLock { $0 = moment }
    }

    /// Polls until ``stop()`` or cancellation. Call it once.
    ///
    /// `handle` takes an update over and returns soon: the next poll waits for it. `.unknown` updates are handed over too, and
    /// everything handed over must be settled in the end. Updates that arrived and were not handed over at the stop stay with Telegram.
    public func run(handle: @escaping @Sendable (ReceivedUpdate) async -> Void) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.poll(handle) }
            group.addTask { await self.stopSignal.wait() }
            await group.next()
            group.cancelAll()
        }
        nextStep(within: nil)
    }

    /// Has ``run(handle:)`` return soon, breaking off a poll under way. It waits for no update that is being handled: when those are
    /// settled, call ``confirmSettled(within:)``.
    public func stop() { stopSignal.raise() }

    /// The effect of the update is durable. Callable from anywhere, more than once, also after the stop.
    public func settled(_ id: Int64) {
        if schedule.withLock({ $0.settled(id) }) { settledSignal.raise() }
    }

    /// After ``run(handle:)`` returned: tells Telegram what is settled, if it was not told yet. Best effort, one call; what it does not
    /// confirm is delivered again and found to be done.
    public func confirmSettled(within deadline: Duration = .seconds(2)) async {
        guard let offset = schedule.withLock({ $0.unconfirmedOffset }) else { return }
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                guard
                    (try? await self.bot.getUpdates(
                        offset: offset, limit: 1, timeout: .zero, allowedUpdates: self.allowedUpdates)) != nil
                else { return }
                self.schedule.withLock { $0.confirmed(offset) }
            }
            group.addTask { await self.time.sleep(self.time.now() + deadline) }
            await group.next()
            group.cancelAll()
        }
    }

    private func poll(_ handle: @Sendable (ReceivedUpdate) async -> Void) async {
        while !Task.isCancelled {
            switch schedule.withLock({ $0.nextAction(now: time.now()) }) {
            case .waitForSettled:
                nextStep(within: nil)
                await settledSignal.wait()
            case .wait(let until):
                nextStep(within: until - time.now())
                await wait(until: until)
            case .poll(let offset, let timeout):
                nextStep(within: timeout + TelegramBot.pollTimeoutMargin)
                await poll(offset: offset, timeout: timeout, handle)
            }
        }
    }

    private func wait(until: Duration) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.settledSignal.wait() }
            group.addTask { await self.time.sleep(until) }
            await group.next()
            group.cancelAll()
        }
    }

    private func poll(offset: Int64?, timeout: Duration, _ handle: @Sendable (ReceivedUpdate) async -> Void) async {
        let (limit, underWay) = schedule.withLock { schedule in
            schedule.pollStarted(offset: offset, now: time.now())
            return (schedule.batch, schedule.ledger.waitingIDs)
        }
        do {
            let updates = try await bot.getUpdates(
                offset: offset, limit: limit, timeout: timeout, allowedUpdates: allowedUpdates, underWay: underWay)
            if Task.isCancelled { return }
            report(.polling)
            let new = schedule.withLock { Set($0.pollAnswered(updates.map(\.id))) }
            var handedOver: Set<Int64> = []
            for update in updates where new.contains(update.id) && handedOver.insert(update.id).inserted {
                if Task.isCancelled { return }
                nextStep(within: .zero)
                await handle(update)
            }
            answered(updates.count < limit)
        } catch {
            if Task.isCancelled { return }
            report(PollerStatus(error))
            schedule.withLock { schedule in
                var random = SystemRandomNumberGenerator()
                schedule.pollFailed(error, now: time.now(), using: &random)
            }
        }
    }

    private func report(_ new: PollerStatus) {
        let changed = status.withLock { status in
            defer { status = new }
            return status != new
        }
        if changed { statusChanged(new) }
    }
}
