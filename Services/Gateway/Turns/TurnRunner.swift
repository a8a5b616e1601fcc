import Dialogue
import KillPoints
import Logging
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
    let courier: Courier
    let outbox: Outbox<Calls>
    let debts: DebtCollector<Calls>
    let counters: Counters
    let ages: UpdateAges
    let logger: Logger
    let settled: @Sendable (Int64) -> Void
    let keptNotices = KeptNotices()

    func work(_ turn: Turn) async {
        let (spinner, wait) = (Spinner(), StorageWait())
        async let _: Void = endSpinner(spinner, of: turn)
        async let _: Void = tellWhenKept(turn, wait)
        wait.begins()
        guard let answer = await answer(turn) else { return }
        wait.ends()
        if answer.spoken != nil { ages.owed(turn.updateID) }
        guard await deliver(answer, turn, spinner, wait) else { return }
        ages.delivered(turn.updateID)
        keptNotices.answered(turn.lane.userID)
        if answer.isRepeated { counters.add(.updatesRedelivered) }
        killPoint("gateway.before-settle")
        if answer.debts.isEmpty { settled(turn.updateID) } else { debts.owe(answer.debts, for: turn) }
        killPoint("gateway.after-settle")
        logger.debug("an update was handled", metadata: turn.logMetadata)
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

    /// Says the answer, or keeps it in the outbox. False if we are stopping: the update comes again.
    private func deliver(
        _ answer: TurnAnswer, _ turn: Turn, _ spinner: Spinner, _ wait: StorageWait
    ) async -> Bool {
        if let tap = turn.tap, spinner.claim() {
            await courier.answer(tap: tap.queryID, text: answer.spoken?.notice)
        }
        guard let spoken = answer.spoken, !answer.isNoticeOnly else { return !Task.isCancelled }
        let reply = OutgoingReply(
            spoken, to: turn, repliesToMessage: answer.repliesToMessage, at: engine.now())
        if answer.replacesMessage, let tap = turn.tap, await courier.replace(messageID: tap.messageID, with: reply) {
            counters.sent(reply, at: engine.now())
            return true
        }
        var retry = Retry()
        while !Task.isCancelled {
            wait.begins()
            do {
                if try await outbox.owes(turn.lane) {
                    try await outbox.keep(reply, for: turn.lane)
                    return true
                }
                wait.ends()
                switch await courier.send(reply) {
                case .sent:
                    counters.sent(reply, at: engine.now())
                    return true
                case .dropped: return true
                case .late where turn.request == .refusal: return true
                case .late(let readyIn):
                    wait.begins()
                    try await outbox.keep(reply, for: turn.lane, readyIn: readyIn)
                    return true
                case .stopping: return false
                }
            } catch {
                counters.add(.turnsRetried)
                await retry.wait()
            }
        }
        return false
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
            switch await courier.send(notice) {
            case .sent, .dropped: return
            case .late, .stopping:
                keptNotices.failed(turn.lane.userID)
                try? await Task.sleep(for: Self.storagePatience)
            }
        }
    }

    /// Has nobody look at a turning spinner while the turn waits.
    private func endSpinner(_ spinner: Spinner, of turn: Turn) async {
        guard let tap = turn.tap else { return }
        try? await Task.sleep(for: Self.tapPatience)
        if !Task.isCancelled, spinner.claim() { await courier.answer(tap: tap.queryID) }
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
