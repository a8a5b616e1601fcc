import Contracts
import Dialogue
import Logging
import Sending

/// Repeats the open question, with fresh buttons, to all people who are adding a machine, after a long absence.
///
/// Each person is asked once until they answer, however many absences there are: a conversation of type `welcome`
/// stores the revision of the entry whose question was repeated. If this process ends between sending and storing, the
/// person is asked twice; no person is left out. People who have written since, or have a queued reply, are not asked.
struct WelcomeMessages<Calls: ServiceCalls>: Sendable {
    /// How long the updates that had waited at Telegram may take. After that, people are asked all the same.
    static var patience: Duration { .seconds(30) }
    static var conversationType: String { "welcome" }
    private static var step: String { "asked" }
    /// The key of the revision of the entry whose question was repeated.
    private static var askedKey: String { "revision" }

    let calls: Calls
    let sender: Sender<Calls>
    let texts: any Texts
    let logger: Logger
    let now: @Sendable () -> Timestamp

    /// Runs until cancelled.
    ///
    /// - Parameter isQuiet: whether all updates that arrived are settled.
    func run(
        _ absence: Absence, isQuiet: @Sendable () -> Bool, isAllowed: @Sendable (LaneKey) -> Bool
    ) async {
        for await moment in absence.returns {
            let lanes = await retrying(ifRefused: []) { () async throws(ServiceFailure) in
                try await waiting(at: moment)
            }
            guard let lanes else { return }
            let deadline = ContinuousClock.now + Self.patience
            while !lanes.isEmpty, !isQuiet(), ContinuousClock.now < deadline, !Task.isCancelled {
                try? await Task.sleep(for: .milliseconds(100))
            }
            var count = 0
            for lane in lanes where isAllowed(lane) {
                let asked = await retrying(ifRefused: Revision?.none) { () async throws(ServiceFailure) in
                    try await ask(lane, before: moment)
                }
                // The gateway is stopping: the next process asks the others.
                guard let asked else { return }
                guard let asked else { continue }
                count += 1
                let isNoted: Void? = await retrying(ifRefused: ()) { () async throws(ServiceFailure) in
                    try await note(asked, of: lane)
                }
                guard isNoted != nil else { return }
            }
            absence.isOver(before: moment)
            if count > 0 { logger.notice("back after a long absence", metadata: ["asked again": "\(count)"]) }
        }
    }

    /// The lanes in which a person is adding a machine and last wrote before `moment`.
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

    /// - Returns: the revision of the entry whose question was repeated; nil if none was.
    private func ask(_ lane: LaneKey, before moment: Timestamp) async throws(ServiceFailure) -> Revision? {
        // The list may be old by now, because Telegram limits how fast the gateway may send.
        let load = StateLoad.Params(key: lane.conversation())
        guard let state = try await calls.call(StateLoad.self, load).state, state.updatedAt < moment,
            let open = OpenEntry(state), await !sender.owes(lane), try await !wasAsked(state.revision, lane)
        else { return nil }
        let reply = OutgoingReply(
            AnyMessage.addMachine(.welcomeBack(open.entry)).reply(in: texts), toChat: lane.chatID, topic: lane.topicID,
            lastMessageID: open.lastMessageID, in: texts, at: now())
        switch await sender.deliver(reply, to: lane) {
        case .sent, .stored, .queued, .dropped: return state.revision
        case .stopping: throw .stopping
        }
    }

    /// Whether the question was repeated since the person's last answer, which gave the entry its revision.
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

    /// The result of `body`, which is repeated while a peer is unavailable; `refused` if a peer refuses; nil if the
    /// gateway is stopping.
    private func retrying<Value>(
        ifRefused refused: Value, _ body: () async throws(ServiceFailure) -> Value
    ) async -> Value? {
        var retry = Retry()
        while !Task.isCancelled {
            do throws(ServiceFailure) { return try await body() } catch {
                switch error {
                case .stopping: return nil
                case .unavailable: await retry.wait()
                case .refused(let error):
                    logger.error(
                        "a peer unexpectedly refused a call; a question is not repeated",
                        metadata: ["error": "\(error)"])
                    return refused
                }
            }
        }
        return nil
    }
}
