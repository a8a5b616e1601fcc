import Dialogue
import KillPoints
import Logging
import Sending
import Synchronization

/// Runs a turn: its effect, then its reply, and only after both settles the update.
///
/// While a peer is unavailable, the turn waits in its lane, and no reply is sent twice. If that takes long, the person
/// is told that the message is kept.
struct TurnRunner<Calls: ServiceCalls>: Sendable {
    /// How long a tap's spinner turns at most, even while a peer is unavailable.
    static var tapPatience: Duration { .seconds(1) }
    /// How often a peer may unexpectedly refuse a turn before the person is told.
    static var refusalsMax: Int { 5 }
    /// How long a turn waits for the peers before the person is told that the message is kept.
    static var storagePatience: Duration { .seconds(5) }

    let engine: TurnEngine<Calls>
    let sender: Sender<Calls>
    let volatileEffects: VolatileEffects<Calls>
    let texts: any Texts
    let counters: Counters
    let ages: UpdateAges
    let logger: Logger
    /// Called when the update has its effect.
    let applied: @Sendable (Int64) -> Void
    let settled: @Sendable (Int64) -> Void
    let keptNotices = KeptNotices()

    func work(_ turn: Turn) async {
        let (spinner, wait) = (Spinner(), StorageWait())
        async let _: Void = endSpinner(spinner, of: turn)
        async let _: Void = tellWhenKept(turn, wait)
        wait.begins()
        guard let outcome = await outcome(of: turn) else { return }
        applied(turn.updateID)
        wait.ends()
        let reply = outcome.reply(in: texts)
        if reply != nil { ages.replyQueued(turn.updateID) }
        let parts = Countdown(turn.tap == nil ? 1 : 2) { settle(turn, outcome) }
        let ended: @Sendable (SendResolution) -> Void = { if $0 != .stopping { parts.ended() } }
        guard let tap = turn.tap else { return await deliver(reply, outcome, turn, ended) }
        let isSpinning = spinner.claim()
        if outcome.isNoticeOnly, let reply, let notice = reply.notice {
            // The notice under the tap is the whole reply. If it can no longer be shown, a message replaces it.
            let message = outgoing(reply, outcome, turn)
            parts.ended()
            guard isSpinning else { return sender.handOver(message, to: turn.lane, ended: ended) }
            return sender.answer(tap, of: turn, text: notice) { resolution in
                guard resolution == .dropped else { return ended(resolution) }
                sender.handOver(message, to: turn.lane, ended: ended)
            }
        }
        // The reply and the lane do not wait for the tap acknowledgement; the settling of the update does.
        if isSpinning {
            sender.answer(tap, of: turn, text: reply?.notice, ended: ended)
        } else {
            parts.ended()
        }
        await deliver(reply, outcome, turn, ended)
    }

    /// Settles the update, whose effect is stored and whose reply is sent or stored; waits for volatile effects first.
    private func settle(_ turn: Turn, _ outcome: TurnOutcome) {
        ages.delivered(turn.updateID)
        keptNotices.answered(turn.lane.userID)
        if outcome.isRepeated { counters.add(.updatesRedelivered) }
        killPoint("gateway.before-settle")
        if outcome.volatile.isEmpty {
            settled(turn.updateID)
        } else {
            volatileEffects.add(outcome.volatile, of: turn)
        }
        killPoint("gateway.after-settle")
        logger.debug("an update was handled", metadata: turn.logMetadata)
    }

    /// Waits until `isReady`, which needs the peers. If that takes long, the person is told.
    func wait(_ turn: Turn, until isReady: @Sendable () -> Bool) async {
        let (spinner, wait) = (Spinner(), StorageWait())
        async let _: Void = endSpinner(spinner, of: turn)
        async let _: Void = tellWhenKept(turn, wait)
        wait.begins()
        while !isReady(), !Task.isCancelled { try? await Task.sleep(for: .milliseconds(50)) }
    }

    /// The result of the turn; nil if the gateway is stopping.
    private func outcome(of turn: Turn) async -> TurnOutcome? {
        var retry = Retry()
        var refusals = 0
        while !Task.isCancelled {
            do throws(ServiceFailure) { return try await engine.run(turn) } catch {
                switch error {
                case .stopping: return nil
                // The status board and the log already say which peer is unavailable.
                case .unavailable: break
                case .refused(let error):
                    refusals += 1
                    if refusals >= Self.refusalsMax {
                        logger.error(
                            "a peer unexpectedly refused a call; the person is asked to try again",
                            metadata: turn.logMetadata.merging(["error": "\(error)"]) { own, _ in own })
                        return TurnOutcome(message: .trouble(.tryAgain))
                    }
                }
            }
            counters.add(.turnsRetried)
            await retry.wait()
        }
        return nil
    }

    /// Hands the reply over, and returns when it is sent or stored. Until then the lane must not continue: an update
    /// that comes again after a later one counts as replied to.
    private func deliver(
        _ reply: Reply?, _ outcome: TurnOutcome, _ turn: Turn, _ ended: @Sendable (SendResolution) -> Void
    ) async {
        guard let reply else { return ended(.sent) }
        ended(
            await sender.deliver(
                outgoing(reply, outcome, turn), to: turn.lane, isPassing: turn.request == .refusal))
    }

    private func outgoing(_ reply: Reply, _ outcome: TurnOutcome, _ turn: Turn) -> OutgoingReply {
        OutgoingReply(
            reply, to: turn, repliesToMessage: outcome.repliesToMessage, lastMessageID: outcome.lastMessageID,
            replacesMessage: outcome.replacesMessage, in: texts, at: engine.now())
    }

    /// Tells the person once that the message is kept, when the turn has waited long for the peers.
    private func tellWhenKept(_ turn: Turn, _ wait: StorageWait) async {
        guard turn.isAwaited else { return }
        while !Task.isCancelled {
            let rest = Self.storagePatience - wait.duration()
            if rest > .zero {
                try? await Task.sleep(for: rest)
                continue
            }
            guard keptNotices.begins(turn.lane.userID) else { return }
            let notice = OutgoingReply(
                AnyMessage.trouble(.messageKept).reply(in: texts), to: turn, repliesToMessage: turn.isGroup,
                in: texts, at: engine.now())
            // Not awaited: the turn may end meanwhile.
            sender.handOver(notice, to: turn.lane, isPassing: true) { [keptNotices] resolution in
                switch resolution {
                case .sent, .queued, .stored: break
                case .dropped, .stopping: keptNotices.failed(turn.lane.userID)
                }
            }
            try? await Task.sleep(for: Self.storagePatience)
        }
    }

    /// Stops the spinner if the turn takes longer than `tapPatience`.
    private func endSpinner(_ spinner: Spinner, of turn: Turn) async {
        guard let tap = turn.tap else { return }
        try? await Task.sleep(for: Self.tapPatience)
        if !Task.isCancelled, spinner.claim() { sender.answer(tap, of: turn, text: nil) }
    }
}

/// The spinner on a button, which must be stopped once.
private final class Spinner: Sendable {
    private let isClaimed = Mutex(false)

    /// - Returns: whether the caller must stop the spinner; true for the first call only.
    func claim() -> Bool {
        isClaimed.withLock { isClaimed in
            defer { isClaimed = true }
            return !isClaimed
        }
    }
}
