private import Logging
private import Synchronization

/// Fetches updates from Telegram, and confirms settled ones soon and no others.
///
/// A poller hands each update over once, in the order received, even if Telegram delivers it several times. It confirms
/// an update to Telegram only after ``settled(_:)`` was called for it and for all received before it. Until then
/// Telegram delivers the update again after a restart. Telegram returns 100 updates from the offset on, so an update
/// that is never settled blocks those more than 99 behind it. The poller changes no webhook and drops no pending
/// update. No response of the server ends the polling; ``PollerStatus`` gives its state.
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
    /// When the loop must have reached its next step; nil while it waits without a deadline.
    private let dueAt = Mutex<Duration?>(nil)

    /// The polling task calls both functions, so they must not block.
    ///
    /// - Parameters:
    ///   - statusChanged: called once for each change.
    ///   - answered: called after each successful poll, when all its new updates are handed over. `isAll`: the server
    ///     had no more updates.
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

    /// Telegram will not deliver an update with a lower id again; nil when no such id is known.
    public var settledBefore: Int64? { schedule.withLock { $0.settledBefore } }

    /// The number of updates received and not settled.
    public var unsettledCount: Int { schedule.withLock { $0.ledger.unsettledCount } }

    /// How late a step of the loop may be.
    static let latenessMax: Duration = .seconds(10)

    /// Whether the loop did not reach its next step in time, for example because a poll lasts longer than its own
    /// time-out. A long poll, a wait after a failure and a wait for updates to be settled are in time.
    public var isOverdue: Bool {
        guard let dueAt = dueAt.withLock({ $0 }) else { return false }
        return time.now() > dueAt
    }

    /// Sets the deadline of the loop's next step: `duration` from now, or none if nil.
    private func nextStep(within duration: Duration?) {
        let moment = duration.map { time.now() + $0 + Self.latenessMax }
        dueAt.withLock { $0 = moment }
    }

    /// Polls until ``stop()`` or cancellation. Call it once.
    ///
    /// `handle` takes an update over and must return soon, since the next poll waits for it. `.unknown` updates are
    /// handed over too, and each update handed over must be settled in the end. Updates that were received but not
    /// handed over before the stop stay in Telegram's queue.
    public func run(handle: @escaping @Sendable (ReceivedUpdate) async -> Void) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.poll(handle) }
            group.addTask { await self.stopSignal.wait() }
            await group.next()
            group.cancelAll()
        }
        nextStep(within: nil)
    }

    /// Makes ``run(handle:)`` return soon; a poll in flight is aborted. It does not wait for updates that are being
    /// handled: when these are settled, call ``confirmSettled(within:)``.
    public func stop() { stopSignal.raise() }

    /// Records that the update's effect is durable. May be called from any thread, more than once, and after the stop.
    public func settled(_ id: Int64) {
        if schedule.withLock({ $0.settled(id) }) { settledSignal.raise() }
    }

    /// Confirms to Telegram the settled updates that are not confirmed yet. Call it after ``run(handle:)`` returned.
    /// Best effort, with one call: if it fails, Telegram delivers these updates again, and they are recognized as done.
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
