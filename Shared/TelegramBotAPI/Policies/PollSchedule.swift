/// When to poll next, and how: the decisions of ``UpdatePoller``, without its I/O.
///
/// Time is a `Duration` since any fixed start that does not go back.
public struct PollSchedule: Sendable {
    public struct Limits: Sendable, Equatable {
        /// How long the server is asked to hold a poll; it caps it at 50 s.
        public var pollTimeout: Duration = .seconds(50)
        public var batchMax = 100
        /// With so many unsettled updates nothing more is asked for.
        public var unsettledMax = 1_000
        /// The server cuts the same offset asked sooner down to one update.
        public var sameOffsetSpacing: Duration = .milliseconds(500)
        /// With unsettled updates a poll is answered at once and with the same ones, so the same offset is asked this seldom.
        public var unsettledSpacing: Duration = .seconds(1)
        /// Between confirmations while others are unsettled: each fetches these again, which is to be shared by several settled ones.
        public var confirmSpacing: Duration = .milliseconds(10)
        public var backoffCap: Duration = .seconds(30)
        /// The longest that a server's `retry_after` keeps from polling. Telegram forgets what is not fetched within a day.
        public var pauseMax: Duration = .seconds(300)

        public init() {}
    }

    /// What to do now.
    public enum Action: Sendable, Equatable {
        case poll(offset: Int64?, timeout: Duration)
        /// Nothing until then, unless an update is settled before.
        case wait(until: Duration)
        /// Nothing until an update is settled.
        case waitForSettled
    }

    private struct Poll {
        var offset: Int64?
        var startedAt: Duration
    }

    public let limits: Limits
    public private(set) var ledger = UpdateLedger()
    private var lastPoll: Poll?
    /// The offset that the server is known to have seen.
    private var confirmedOffset: Int64?
    private var backoff: Backoff
    private var pausedUntil: Duration = .zero
    /// The last poll failed, or there was none: ask without holding, to learn soon whether the server is there.
    private var isProbing = true
    /// The last answer could not be read, and how many updates were read since then: they are asked for one at a time
    /// until as many are past as there may have been in it.
    private var readOneAtATime: Int?

    public init(limits: Limits = Limits()) {
        self.limits = limits
        backoff = Backoff(base: min(.milliseconds(500), limits.backoffCap), cap: limits.backoffCap)
    }

    /// An offset that the server has not been told, though what is before it is settled.
    public var unconfirmedOffset: Int64? { ledger.offset == confirmedOffset ? nil : ledger.offset }

    /// The server will deliver no update with a lower id again; nil when that is not known of any.
    ///
    /// Ids may have jumped down since the offset was confirmed: then lower ones are under way, or settled and not confirmed.
    public var settledBefore: Int64? {
        guard let confirmedOffset, let offset = ledger.offset, offset >= confirmedOffset,
            !ledger.waitingIDs.contains(where: { $0 < confirmedOffset })
        else { return nil }
        return confirmedOffset
    }

    public func nextAction(now: Duration) -> Action {
        if now < pausedUntil { return .wait(until: pausedUntil) }
        if ledger.unsettledCount >= limits.unsettledMax, unconfirmedOffset == nil { return .waitForSettled }
        if let lastPoll {
            let spacing: Duration =
                if lastPoll.offset == ledger.offset {
                    ledger.unsettledCount > 0
                        ? max(limits.unsettledSpacing, limits.sameOffsetSpacing) : limits.sameOffsetSpacing
                } else {
                    ledger.unsettledCount > 0 ? limits.confirmSpacing : .zero
                }
            if now < lastPoll.startedAt + spacing { return .wait(until: lastPoll.startedAt + spacing) }
        }
        return .poll(offset: ledger.offset, timeout: isProbing ? .zero : limits.pollTimeout)
    }

    public mutating func pollStarted(offset: Int64?, now: Duration) {
        lastPoll = Poll(offset: offset, startedAt: now)
    }

    /// How many updates to ask for: as many as the server gives, or one more than it is known to give.
    public var batch: Int {
        readOneAtATime == nil ? limits.batchMax : min(limits.batchMax, ledger.waitingIDs.count + 1)
    }

    /// Answers which of the updates are to be handled.
    public mutating func pollAnswered(_ ids: [Int64]) -> [Int64] {
        let new = ledger.received(ids)
        if let read = readOneAtATime.map({ $0 + new.count }) {
            readOneAtATime = new.isEmpty || read >= limits.batchMax ? nil : read
        }
        confirmedOffset = lastPoll?.offset
        backoff.succeeded()
        isProbing = false
        return new
    }

    /// Nothing that the server can answer ends the polling; it comes back later and later, up to the cap.
    public mutating func pollFailed(
        _ error: TelegramError, now: Duration, using random: inout some RandomNumberGenerator
    ) {
        isProbing = true
        if case .tooManyRequests(let retryAfter) = error {
            pausedUntil = now + min(retryAfter, limits.pauseMax)
        } else {
            if error.isUnreadableAnswer { readOneAtATime = 0 }
            pausedUntil = now + backoff.failed(using: &random)
        }
    }

    /// Answers whether the offset moved, or polling may go on.
    public mutating func settled(_ id: Int64) -> Bool {
        let wasFull = ledger.unsettledCount >= limits.unsettledMax
        let advanced = ledger.settled(id)
        return advanced || (wasFull && ledger.unsettledCount < limits.unsettledMax)
    }

    /// The server was told `offset` outside the schedule.
    public mutating func confirmed(_ offset: Int64) { confirmedOffset = offset }
}

extension TelegramError {
    /// Whether there was an answer that another one, with fewer updates in it, may be better than.
    fileprivate var isUnreadableAnswer: Bool {
        switch self {
        case .malformedResponse: true
        case .outcomeUnknown(.transport(let failure)): failure.reason == .responseTooLarge
        default: false
        }
    }
}
