import Contracts
import Dialogue
import Logging
import Sending

/// Repeats the open question to people who are adding a machine: to all after a long absence, with fresh buttons; to
/// those in a group when it became a supergroup, where people cannot reply to the messages from before.
///
/// Each person is asked once until they answer, however many absences there are: a conversation of type `welcome` (for
/// supergroups: `supergroup`) stores the revision of the entry whose question was repeated. If this process ends
/// between sending and storing, the person is asked twice; no person is left out. A person with a queued reply or with
/// an answer in progress is not asked: the reply repeats the question.
struct WelcomeMessages<Calls: ServiceCalls>: Sendable {
    /// How long the updates that had waited at Telegram may take. After that, people are asked all the same.
    static var patience: Duration { .seconds(30) }
    /// The type of the conversation that tells of a lane which supergroup its group became.
    static var supergroupType: String { "supergroup" }
    private static var absenceType: String { "welcome" }
    private static var step: String { "asked" }
    /// The key of the revision of the entry whose question was repeated.
    private static var askedKey: String { "revision" }

    /// Why a question is repeated.
    private enum Reason: Equatable {
        /// To those who last wrote before this time.
        case absence(Timestamp)
        case supergroup(Int64)

        /// The type of the conversation that stores of which entry the question was repeated.
        var type: String {
            switch self {
            case .absence: WelcomeMessages.absenceType
            case .supergroup: WelcomeMessages.supergroupType
            }
        }

        func concerns(_ state: Conversation) -> Bool {
            if case .absence(let moment) = self { state.updatedAt < moment } else { true }
        }

        func message(_ entry: Entry) -> AddMachineMessage {
            if case .absence = self { .welcomeBack(entry) } else { .inProgress(entry, notTaken: nil) }
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
                try await waiting { $0.updatedAt < moment }
            }
            guard let lanes else { return }
            let deadline = ContinuousClock.now + Self.patience
            while !lanes.isEmpty, !isQuiet(), ContinuousClock.now < deadline, !Task.isCancelled {
                try? await Task.sleep(for: .milliseconds(100))
            }
            // The gateway is stopping: the next process asks the others.
            guard let count = await ask(lanes.filter(isAllowed), .absence(moment)) else { return }
            absence.isOver(before: moment)
            if count > 0 { logger.notice("back after a long absence", metadata: ["asked again": "\(count)"]) }
        }
    }

    /// The group became a supergroup. Returns when that is stored with each of its open entries and everyone was asked,
    /// or when the gateway stops.
    ///
    /// - Parameter isBusy: whether an answer of the lane is in progress.
    func askAgain(
        _ pair: GroupIDs.Pair, isAllowed: @Sendable (LaneKey) -> Bool, isBusy: @Sendable (LaneKey) -> Bool
    ) async {
        let lanes = await retrying(ifRefused: []) { () async throws(ServiceFailure) in try await waiting { _ in true } }
        let here = (lanes ?? []).filter { [pair.group, pair.supergroup].contains($0.chatID) }
        for lane in here where lane.chatID == pair.group {
            let isNoted: Void? = await retrying(ifRefused: ()) { () async throws(ServiceFailure) in
                try await note(nil, .supergroup(pair.supergroup), of: lane)
            }
            guard isNoted != nil else { return }
        }
        _ = await ask(here.filter(isAllowed), .supergroup(pair.supergroup), isBusy: isBusy)
    }

    /// - Returns: how many were asked; nil if the gateway is stopping.
    private func ask(
        _ lanes: [LaneKey], _ reason: Reason, isBusy: @Sendable (LaneKey) -> Bool = { _ in false }
    ) async -> Int? {
        var count = 0
        for lane in lanes {
            let asked = await retrying(ifRefused: Revision?.none) { () async throws(ServiceFailure) in
                try await ask(lane, reason, isBusy)
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

    /// The lanes in which a person is adding a machine.
    private func waiting(_ isMeant: (Conversation) -> Bool) async throws(ServiceFailure) -> [LaneKey] {
        var lanes: [LaneKey] = []
        var cursor: String?
        repeat {
            let page = try await calls.call(StateList.self, .init(cursor: cursor))
            lanes += page.conversations.filter { isMeant($0.state) }.compactMap { LaneKey($0.key) }
            cursor = page.nextCursor
        } while cursor != nil
        return lanes
    }

    /// - Returns: the revision of the entry whose question was repeated; nil if none was.
    private func ask(
        _ lane: LaneKey, _ reason: Reason, _ isBusy: @Sendable (LaneKey) -> Bool
    ) async throws(ServiceFailure) -> Revision? {
        let asked = try await asked(lane, reason)
        let isSoon = if case .supergroup = reason { true } else { false }
        // Looked up before the entry and after it: an answer that comes meanwhile changes the question.
        guard !isBusy(lane) else { return nil }
        // The list may be old by now, because Telegram limits how fast the gateway may send.
        guard let state = try await calls.call(StateLoad.self, .init(key: lane.conversation())).state,
            reason.concerns(state), let open = OpenEntry(state), !asked.contains(.integer(state.revision.rawValue)),
            await !sender.owes(lane, isSoon: isSoon), !isBusy(lane)
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

    /// The revisions of the entries whose question was repeated. What was asked in a supergroup need not be asked again
    /// after an absence; what was asked in the group before, people in the supergroup cannot reply to.
    private func asked(_ lane: LaneKey, _ reason: Reason) async throws(ServiceFailure) -> [JSONValue] {
        var revisions = try await noted(lane, Self.supergroupType)[Self.askedKey].map { [$0] } ?? []
        if case .absence = reason, let revision = try await noted(lane, Self.absenceType)[Self.askedKey] {
            revisions.append(revision)
        }
        return revisions
    }

    private func noted(_ lane: LaneKey, _ type: String) async throws(ServiceFailure) -> [String: JSONValue] {
        try await calls.call(StateLoad.self, .init(key: lane.conversation(type))).state?.data ?? [:]
    }

    /// Stores that the question was repeated (nil: it was not yet), and which supergroup the lane's group became.
    private func note(_ revision: Revision?, _ reason: Reason, of lane: LaneKey) async throws(ServiceFailure) {
        let before = try await noted(lane, reason.type)
        var data = before
        if let revision { data[Self.askedKey] = .integer(revision.rawValue) }
        if case .supergroup(let id) = reason, lane.chatID != id { data[OpenEntry.Key.supergroup] = .integer(id) }
        guard data != before else { return }
        _ = try await calls.call(
            StateSave.self, .init(key: lane.conversation(reason.type), step: Self.step, data: data))
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
