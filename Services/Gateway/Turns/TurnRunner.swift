import Dialogue
import KillPoints
import Logging
import Sending
import Synchronization

/// Works one turn off: its effect, its reply, and then, only then, its settling.
///
/// While a service is away, the turn waits in its lane; nothing is said twice. When that takes long, its person is told
/// that it is kept.
struct TurnRunner<Calls: ServiceCalls>: Sendable {
    /// How long a tap's spinner turns at most, whatever is away.
    static var tapPatience: Duration { .seconds(1) }
    /// How often a service may refuse what it should not, before the person is told.
    static var refusalsMax: Int { 5 }
    /// How long a turn waits for the services that store, before its person is told that it is kept.
    static var storagePatience: Duration { .seconds(5) }

    let engine: TurnEngine<Calls>
    let sender: Sender<Calls>
    let debts: DebtCollector<Calls>
    let counters: Counters
    let ages: UpdateAges
    let logger: Logger
    /// The update has its effect.
    let applied: @Sendable (Int64) -> Void
    let settled: @Sendable (Int64) -> Void
    let keptNotices = KeptNotices()

    func work(_ turn: Turn) async {
        let (spinner, wait) = (Spinner(), StorageWait())
        async let _: Void = endSpinner(spinner, of: turn)
        async let _: Void = tellWhenKept(turn, wait)
        wait.begins()
        guard let answer = await answer(turn) else { return }
        applied(turn.updateID)
        wait.ends()
        if answer.spoken != nil { ages.owed(turn.updateID) }
        let parts = Countdown(turn.tap == nil ? 1 : 2) { settle(turn, answer) }
        let ended: @Sendable (SendResolution) -> Void = { if $0 != .stopping { parts.ended() } }
        guard let tap = turn.tap else { return await deliver(answer, turn, ended) }
        let isSpinning = spinner.claim()
        if answer.isNoticeOnly, let spoken = answer.spoken {
            // The text under the tap is all that is said; if it cannot be shown any more, a message says it.
            let reply = reply(spoken, answer, turn)
            parts.ended()
            guard isSpinning else { return sender.handOver(reply, to: turn.lane, ended: ended) }
            return sender.answer(tap, of: turn, text: spoken.notice) { resolution in
                guard resolution == .dropped else { return ended(resolution) }
                sender.handOver(reply, to: turn.lane, ended: ended)
            }
        }
        // The reply does not wait for the tap's answer, nor does the lane; the update does.
        if isSpinning {
            sender.answer(tap, of: turn, text: answer.spoken?.notice, ended: ended)
        } else {
            parts.ended()
        }
        await deliver(answer, turn, ended)
    }

    /// The effect is stored, and the reply is sent or stored.
    private func settle(_ turn: Turn, _ answer: TurnAnswer) {
        ages.delivered(turn.updateID)
        keptNotices.answered(turn.lane.userID)
        if answer.isRepeated { counters.add(.updatesRedelivered) }
        killPoint("gateway.before-settle")
        if answer.debts.isEmpty { settled(turn.updateID) } else { debts.owe(answer.debts, for: turn) }
        killPoint("gateway.after-settle")
        logger.debug("an update was handled", metadata: turn.logMetadata)
    }

    /// Waits until `isReady`, which takes the services that store; its person is told when that takes long.
    func wait(_ turn: Turn, until isReady: @Sendable () -> Bool) async {
        let (spinner, wait) = (Spinner(), StorageWait())
        async let _: Void = endSpinner(spinner, of: turn)
        async let _: Void = tellWhenKept(turn, wait)
        wait.begins()
        while !isReady(), !Task.isCancelled { try? await Task.sleep(for: .milliseconds(50)) }
    }

    /// What came of the turn; nil if we are stopping.
    private func answer(_ turn: Turn) async -> TurnAnswer? {
        var retry = Retry()
        var refusals = 0
        while !Task.isCancelled {
            do throws(ServiceFailure) { return try await engine.run(turn) } catch {
                switch error {
                case .stopping: return nil
                // Who is away is on the status board, and in the log, once.
                case .unavailable: break
                case .refused(let error):
                    refusals += 1
                    if refusals >= Self.refusalsMax {
                        logger.error(
                            "a service refuses what it should take; the person is asked to try again",
                            metadata: turn.logMetadata.merging(["error": "\(error)"]) { own, _ in own })
                        return TurnAnswer(reply: Dialogue.tryAgain())
                    }
                }
            }
            counters.add(.turnsRetried)
            await retry.wait()
        }
        return nil
    }

    /// Hands the reply over, and returns when it is sent or stored: until then the lane must not go on, since an update that
    /// comes again after a later one counts as answered.
    private func deliver(_ answer: TurnAnswer, _ turn: Turn, _ ended: @Sendable (SendResolution) -> Void) async {
        guard let spoken = answer.spoken, !answer.isNoticeOnly else { return ended(.sent) }
        ended(
            await sender.deliver(
                reply(spoken, answer, turn), to: turn.lane, isPassing: turn.request == .refusal))
    }

    private func reply(_ spoken: Reply, _ answer: TurnAnswer, _ turn: Turn) -> OutgoingReply {
        OutgoingReply(
            spoken, to: turn, repliesToMessage: answer.repliesToMessage, replacesMessage: answer.replacesMessage,
            at: engine.now())
    }

    /// Tells the person that the message is kept, once, when the services that store have kept the turn waiting for long.
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
                Dialogue.kept(), to: turn, repliesToMessage: turn.isGroup, at: engine.now())
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

    /// Has nobody look at a turning spinner while the turn waits.
    private func endSpinner(_ spinner: Spinner, of turn: Turn) async {
        guard let tap = turn.tap else { return }
        try? await Task.sleep(for: Self.tapPatience)
        if !Task.isCancelled, spinner.claim() { sender.answer(tap, of: turn, text: nil) }
    }
}

/// The spinner on a button, which is ended once.
private final class Spinner: Sendable {
    private let isClaimed = Mutex(false)

    /// Whether it is the caller who ends it.
    func claim() -> Bool {
        isClaimed.withLock { isClaimed in
            defer { isClaimed = true }
            return !isClaimed
        }
    }
}
