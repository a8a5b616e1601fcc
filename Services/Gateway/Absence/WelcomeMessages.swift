import Contracts
import Dialogue
import Logging
import Sending

/// Repeats the open question to people who are adding a machine: to all after a long absence, with fresh buttons; to
/// those in a group when it became a supergroup, where people cannot reply to the messages from before.
///
/// Each person is asked once until they answer, however many absences there are: a conversation of type `welcome` (for
/// supergroups: `supergroup`) stores the revision of the entry whose question was repeated. If this process ends
/// between sending and storing, the person is asked twice; no person is left out. People who have written since, or
/// have a queued reply, are not asked.
struct WelcomeMessages<Calls: ServiceCalls>: Sendable {
    /// How long the updates that had waited at Telegram may take. After that, people are asked all the same.
    static var patience: Duration { .seconds(30) }
    private static var step: String { "asked" }
    /// The key of the revision of the entry whose question was repeated.
    private static var askedKey: String { "revision" }

    /// Why a question is repeated.
    private enum Reason: String {
        case absence = "welcome"
        case supergroup

        /// The conversation that stores of which entry the question was repeated.
        func key(of lane: LaneKey) -> ConversationKey { lane.conversation(rawValue) }

        func message(_ entry: Entry) -> AddMachineMessage {
            switch self {
            case .absence: .welcomeBack(entry)
            case .supergroup: .inProgress(entry, notTaken: nil)
            }
        }
    }

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
            // The gateway is stopping: the next process asks the others.
            guard let count = await ask(lanes.filter(isAllowed), .absence, before: moment) else { return }
            absence.isOver(before: moment)
            if count > 0 { logger.notice("back after a long absence", metadata: ["asked again": "\(count)"]) }
        }
    }

    /// The group became a supergroup. Returns when everyone was asked, or when the gateway stops.
    func askAgain(inGroup group: Int64, isAllowed: @Sendable (LaneKey) -> Bool) async {
        let lanes = await retrying(ifRefused: []) { () async throws(ServiceFailure) in try await waiting(at: nil) }
        _ = await ask((lanes ?? []).filter { $0.chatID == group && isAllowed($0) }, .supergroup, before: nil)
    }

    /// - Returns: how many were asked; nil if the gateway is stopping.
    private func ask(_ lanes: [LaneKey], _ reason: Reason, before moment: Timestamp?) async -> Int? {
        var count = 0
        for lane in lanes {
            let asked = await retrying(ifRefused: Revision?.none) { () async throws(ServiceFailure) in
                try await ask(lane, reason, before: moment)
            }
            guard let asked else { return nil }
            guard let asked else { continue }
            count += 1
            let isNoted: Void? = await retrying(ifRefused: ()) { () async throws(ServiceFailure) in
                try await note(asked, reason, of: lane)
            }
            guard isNoted != nil else { return nil }
        }
        return count
    }

    /// The lanes in which a person is adding a machine and last wrote before `moment`, or at any time.
    private func waiting(at moment: Timestamp?) async throws(ServiceFailure) -> [LaneKey] {
        var lanes: [LaneKey] = []
        var cursor: String?
        repeat {
            let page = try await calls.call(StateList.self, .init(cursor: cursor))
            lanes += page.conversations.filter { isOlder($0.state, than: moment) }.compactMap { LaneKey($0.key) }
            cursor = page.nextCursor
        } while cursor != nil
        return lanes
    }

    private func isOlder(_ state: Conversation, than moment: Timestamp?) -> Bool {
        moment.map { state.updatedAt < $0 } ?? true
    }

    /// - Returns: the revision of the entry whose question was repeated; nil if none was.
    private func ask(
        _ lane: LaneKey, _ reason: Reason, before moment: Timestamp?
    ) async throws(ServiceFailure) -> Revision? {
        // The list may be old by now, because Telegram limits how fast the gateway may send.
        let load = StateLoad.Params(key: lane.conversation())
        guard let state = try await calls.call(StateLoad.self, load).state, isOlder(state, than: moment),
            let open = OpenEntry(state), await !sender.owes(lane, isSoon: reason == .supergroup),
            try await !wasAsked(state.revision, reason, lane)
        else { return nil }
        let reply = OutgoingReply(
            AnyMessage.addMachine(reason.message(open.entry)).reply(in: texts),
            toChat: open.lastMessage?.supergroupID ?? lane.chatID, topic: lane.topicID,
            lastMessageID: open.lastMessage?.id, in: texts, at: now())
        switch await sender.deliver(reply, to: lane) {
        case .sent, .stored, .queued, .dropped: return state.revision
        case .stopping: throw .stopping
        }
    }

    /// Whether the question was repeated since the person's last answer, which gave the entry its revision.
    private func wasAsked(
        _ revision: Revision, _ reason: Reason, _ lane: LaneKey
    ) async throws(ServiceFailure) -> Bool {
        let load = StateLoad.Params(key: reason.key(of: lane))
        return try await calls.call(StateLoad.self, load).state?.data[Self.askedKey] == .integer(revision.rawValue)
    }

    private func note(_ revision: Revision, _ reason: Reason, of lane: LaneKey) async throws(ServiceFailure) {
        _ = try await calls.call(
            StateSave.self,
            .init(
                key: reason.key(of: lane), step: Self.step,
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
