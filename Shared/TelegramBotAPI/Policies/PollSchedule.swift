/// Decides when and how to poll next: the decisions of ``UpdatePoller``, without its I/O.
///
/// Time is a `Duration` since any fixed start, and must not go back.
public struct PollSchedule: Sendable {
    public struct Limits: Sendable, Equatable {
        /// How long the server may keep a poll open while it has no update. The server's maximum is 50 s.
        public var pollTimeout: Duration = .seconds(50)
        public var batchMax = 100
        /// With this many unsettled updates the poller requests no more.
        public var unsettledMax = 1_000
        /// If the same offset is requested sooner than this, the server returns only one update.
        public var sameOffsetSpacing: Duration = .milliseconds(500)
        /// The interval between polls with the same offset while updates are unsettled. The server returns these
        /// updates at once in each poll.
        public var unsettledSpacing: Duration = .seconds(1)
        /// The interval between confirmations while updates are unsettled. Each confirmation fetches these again, so
        /// one should confirm several settled updates.
        public var confirmSpacing: Duration = .milliseconds(10)
        public var backoffCap: Duration = .seconds(30)
        /// The longest pause that a server's `retry_after` can cause. Telegram drops updates not fetched within a day.
        public var pauseMax: Duration = .seconds(300)

        public init() {}
    }

    /// The next action of the poller.
    public enum Action: Sendable, Equatable {
        case poll(offset: Int64?, timeout: Duration)
        /// Wait until this time, or until an update is settled.
        case wait(until: Duration)
        /// Wait until an update is settled.
        case waitForSettled
    }

    private struct Poll {
        var offset: Int64?
        var startedAt: Duration
    }

    public let limits: Limits
    public private(set) var ledger = UpdateLedger()
    private var lastPoll: Poll?
    /// The last offset that the server certainly got.
    private var confirmedOffset: Int64?
    private var backoff: Backoff
    private var pausedUntil: Duration = .zero
    /// The last poll failed, or there was none. The next poll has no time-out, to learn soon whether the server
    /// responds.
    private var isProbing = true
    /// How many updates were read since a response was unreadable; nil in normal operation. After such a response the
    /// updates are requested one at a time, until as many were read as it may have contained.
    private var readOneAtATime: Int?

    public init(limits: Limits = Limits()) {
        self.limits = limits
        backoff = Backoff(base: min(.milliseconds(500), limits.backoffCap), cap: limits.backoffCap)
    }

    /// An offset whose earlier updates are settled, but which the server did not get yet; nil if there is none.
    public var unconfirmedOffset: Int64? { ledger.offset == confirmedOffset ? nil : ledger.offset }

    /// The server will not deliver an update with a lower id again; nil when no such id is known.
    ///
    /// Ids may have jumped down since the offset was confirmed. Then updates with lower ids are unsettled, or settled
    /// and not confirmed.
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

    /// How many updates to request: the maximum, or, after an unreadable response, one more than are waiting.
    public var batch: Int {
        readOneAtATime == nil ? limits.batchMax : min(limits.batchMax, ledger.waitingIDs.count + 1)
    }

    /// Records a successful poll. Returns the ids of the updates that must be handled.
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

    /// Records a failed poll. No response of the server ends the polling; the waits grow up to the cap.
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

    /// Records a settled update. Returns whether the offset moved or polling may continue.
    public mutating func settled(_ id: Int64) -> Bool {
        let wasFull = ledger.unsettledCount >= limits.unsettledMax
        let advanced = ledger.settled(id)
        return advanced || (wasFull && ledger.unsettledCount < limits.unsettledMax)
    }

    /// Records that the server got `offset` by a call outside the schedule.
    public mutating func confirmed(_ offset: Int64) { confirmedOffset = offset }
}

extension TelegramError {
    /// Whether the response was unreadable. A response with fewer updates may be readable.
    fileprivate var isUnreadableAnswer: Bool {
        switch self {
        case .malformedResponse: true
        case .outcomeUnknown(.transport(let failure)): failure.reason == .responseTooLarge
        default: false
        }
    }
}
