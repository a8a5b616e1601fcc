import Contracts
import Dialogue
import Logging
import Sending

/// Asks everybody who is adding a machine their question again, with fresh buttons, after a long absence of ours.
///
/// Each person is asked once until they answer, however often we are away: a conversation of type `welcome` keeps for
/// which revision of the entry it was done. A person may be asked twice, when this process ends between the sending and
/// that note, and is never left out. People who have written since, or are owed a reply anyway, are not asked.
struct WelcomeMessages<Calls: ServiceCalls>: Sendable {
    /// How long what had waited at Telegram may take, before people are asked all the same.
    static var patience: Duration { .seconds(30) }
    static var conversationType: String { "welcome" }
    private static var step: String { "asked" }
    /// In the data: the revision of the entry whose question was asked again.
    private static var askedKey: String { "revision" }

    let calls: Calls
    let sender: Sender<Calls>
    let texts: any Texts
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
                let asked = await answer(refused: Revision?.none) { () async throws(ServiceFailure) in
                    try await ask(lane, before: moment)
                }
                // Stopping, we leave the others to the next process.
                guard let asked else { return }
                guard let asked else { continue }
                count += 1
                let isNoted: Void? = await answer(refused: ()) { () async throws(ServiceFailure) in
                    try await note(asked, of: lane)
                }
                guard isNoted != nil else { return }
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

    /// - Returns: the revision of the entry whose question was asked; nil if there was none to ask.
    private func ask(_ lane: LaneKey, before moment: Timestamp) async throws(ServiceFailure) -> Revision? {
        // As it is now: some time may have passed since the list, when Telegram lets us send slowly.
        let load = StateLoad.Params(key: lane.conversation())
        guard let state = try await calls.call(StateLoad.self, load).state, state.updatedAt < moment,
            let open = OpenEntry(state), await !sender.owes(lane), try await !wasAsked(state.revision, lane)
        else { return nil }
        let reply = OutgoingReply(
            AnyMessage.addMachine(.welcomeBack(open.entry)).reply(in: texts), toChat: lane.chatID, topic: lane.topicID,
            at: now())
        switch await sender.deliver(reply, to: lane) {
        case .sent, .stored, .queued, .dropped: return state.revision
        case .stopping: throw .stopping
        }
    }

    /// Whether the question was asked again after the last answer: an answer gives the entry another revision.
    private func wasAsked(_ revision: Revision, _ lane: LaneKey) async throws(ServiceFailure) -> Bool {
        let load = StateLoad.Params(key: lane.conversation(Self.conversationType))
        return try await calls.call(StateLoad.self, load).state?.data[Self.askedKey] == .integer(revision.rawValue)
    }

    private func note(_ revision: Revision, of lane: LaneKey) async throws(ServiceFailure) {
        _ = try await calls.call(
            StateSave.self,
            .init(
                key: lane.conversation(Self.conversationType), step: Self.step,
                data: [Self.askedKey: .integer(revision.rawValue)]))
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
