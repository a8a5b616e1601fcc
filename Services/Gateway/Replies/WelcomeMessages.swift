import Contracts
import Dialogue
import Logging

/// Asks everybody who is adding a machine their question again, with fresh buttons, after a long absence of ours.
///
/// Somebody may be asked twice, when this process ends meanwhile; nobody never. Who has been heard from since, or is owed a
/// reply anyway, is not asked.
struct WelcomeMessages<Calls: ServiceCalls>: Sendable {
    /// How long what had waited at Telegram may take, before people are asked all the same.
    static var patience: Duration { .seconds(30) }

    let calls: Calls
    let courier: Courier
    let outbox: Outbox<Calls>
    let logger: Logger
    let now: @Sendable () -> Timestamp

    /// Until cancelled.
    ///
    /// - Parameter isQuiet: whether everything that arrived has been dealt with.
    func run(
        _ absence: Absence, isQuiet: @Sendable () -> Bool, isAllowed: @Sendable (LaneKey) -> Bool
    ) async {
        for await moment in absence.returns {
            let lanes = await answer(refused: []) { () async throws(ServiceFailure) in try await waiting(at: moment) }
            guard let lanes else { return }
            let deadline = ContinuousClock.now + Self.patience
            while !lanes.isEmpty, !isQuiet(), ContinuousClock.now < deadline, !Task.isCancelled {
                try? await Task.sleep(for: .milliseconds(100))
            }
            var count = 0
            for lane in lanes where isAllowed(lane) {
                let isAsked = await answer(refused: false) { () async throws(ServiceFailure) in
                    try await ask(lane, before: moment)
                }
                // Stopping, we leave the others to the next process.
                guard let isAsked else { return }
                if isAsked { count += 1 }
            }
            absence.isOver(before: moment)
            if count > 0 { logger.notice("back after a long absence", metadata: ["asked again": "\(count)"]) }
        }
    }

    /// Who is adding a machine, and was last heard from before `moment`.
    private func waiting(at moment: Timestamp) async throws(ServiceFailure) -> [LaneKey] {
        var lanes: [LaneKey] = []
        var cursor: String?
        repeat {
            let page = try await calls.call(StateList.self, .init(cursor: cursor))
            lanes += page.conversations.filter { $0.state.updatedAt < moment }.compactMap { LaneKey($0.key) }
            cursor = page.nextCursor
        } while cursor != nil
        return lanes
    }

    /// - Returns: whether there was something to ask.
    private func ask(_ lane: LaneKey, before moment: Timestamp) async throws(ServiceFailure) -> Bool {
        // As it is now: some time may have passed since the list, when Telegram lets us send slowly.
        let load = StateLoad.Params(key: lane.conversation())
        guard let state = try await calls.call(StateLoad.self, load).state, state.updatedAt < moment,
            let open = OpenEntry(state), try await !outbox.owes(lane)
        else { return false }
        let reply = OutgoingReply(
            Dialogue.welcomeBack(open.entry), toChat: lane.chatID, topic: lane.topicID, at: now())
        switch await courier.send(reply) {
        case .sent, .dropped: return true
        case .late(let readyIn):
            try await outbox.keep(reply, for: lane, readyIn: readyIn)
            return true
        case .stopping: throw .stopping
        }
    }

    /// What `body` brings: it is tried again while a service is away. Nil if we are stopping.
    private func answer<Answer>(
        refused: Answer, _ body: () async throws(ServiceFailure) -> Answer
    ) async -> Answer? {
        var retry = Retry()
        while !Task.isCancelled {
            do throws(ServiceFailure) { return try await body() } catch {
                switch error {
                case .stopping: return nil
                case .unavailable: await retry.wait()
                case .refused(let error):
                    logger.error(
                        "a service refuses what it should take; nobody is asked again", metadata: ["error": "\(error)"])
                    return refused
                }
            }
        }
        return nil
    }
}
