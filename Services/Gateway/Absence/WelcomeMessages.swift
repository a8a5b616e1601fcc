import Contracts
import Dialogue
import Logging
import Sending

/// Repeats the open question to people who are adding a machine: to all after a long absence, with fresh buttons; to
/// those in a group when it became a supergroup, where people cannot reply to the messages from before.
///
/// Each person is asked once until they answer, however many absences there are: a conversation of type `welcome` (for
/// supergroups: `supergroup`) stores the revision of the entry whose question was repeated. If this process ends
/// between sending and storing, the person is asked twice; no person is left out. After an absence, people who have
/// written since or have a queued reply are not asked.
struct WelcomeMessages<Calls: ServiceCalls>: Sendable {
    /// How long the updates that had waited at Telegram may take. After that, people are asked all the same.
    static var patience: Duration { .seconds(30) }
    private static var supergroupType: String { "supergroup" }
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
            guard let (count, _) = await ask(lanes.filter(isAllowed), .absence(moment)) else { return }
            absence.isOver(before: moment)
            if count > 0 { logger.notice("back after a long absence", metadata: ["asked again": "\(count)"]) }
        }
    }

    /// The group became a supergroup.
    ///
    /// - Parameters:
    ///   - only: the lanes to ask; nil for all with an open entry.
    ///   - isBusy: whether an answer of the lane is in progress.
    /// - Returns: the lanes that were left out because an answer is in progress or a reply is owed; nil if the gateway
    ///   is stopping.
    func askAgain(
        _ pair: GroupIDs.Pair, only: [LaneKey]? = nil, isAllowed: @Sendable (LaneKey) -> Bool,
        isBusy: @Sendable (LaneKey) -> Bool
    ) async -> [LaneKey]? {
        var lanes = only
        if lanes == nil {
            lanes = await retrying(ifRefused: []) { () async throws(ServiceFailure) in try await waiting { _ in true } }
        }
        guard let lanes else { return nil }
        let here = lanes.filter { [pair.group, pair.supergroup].contains($0.chatID) && isAllowed($0) }
        return await ask(here, .supergroup(pair.supergroup), isBusy: isBusy)?.leftOut
    }

    /// - Returns: how many were asked, and who was left out; nil if the gateway is stopping.
    private func ask(
        _ lanes: [LaneKey], _ reason: Reason, isBusy: @Sendable (LaneKey) -> Bool = { _ in false }
    ) async -> (count: Int, leftOut: [LaneKey])? {
        var (count, leftOut) = (0, [LaneKey]())
        for lane in lanes {
            let asked = await retrying(ifRefused: Asked.needless) { () async throws(ServiceFailure) in
                try await ask(lane, reason, isBusy)
            }
            switch asked {
            case nil: return nil
            case .needless: continue
            case .leftOut: leftOut.append(lane)
            case .done(let revision):
                count += 1
                let isNoted: Void? = await retrying(ifRefused: ()) { () async throws(ServiceFailure) in
                    try await note(revision, reason, of: lane)
                }
                guard isNoted != nil else { return nil }
            }
        }
        return (count, leftOut)
    }

    private enum Asked {
        /// The question was repeated, of the entry with this revision.
        case done(Revision)
        /// No question is open, or it was repeated before.
        case needless
        /// An answer is in progress, or a reply is owed.
        case leftOut
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

    private func ask(
        _ lane: LaneKey, _ reason: Reason, _ isBusy: @Sendable (LaneKey) -> Bool
    ) async throws(ServiceFailure) -> Asked {
        let asked = try await asked(lane, reason)
        // Looked up before the entry and after it: an answer that comes meanwhile changes the question.
        guard !isBusy(lane) else { return .leftOut }
        // The list may be old by now, because Telegram limits how fast the gateway may send.
        guard let state = try await calls.call(StateLoad.self, .init(key: lane.conversation())).state,
            reason.concerns(state), let open = OpenEntry(state), !asked.contains(.integer(state.revision.rawValue))
        else { return .needless }
        var isSoon = false
        if case .supergroup(let id) = reason {
            // A person who has written there has the question there.
            guard open.lastMessage?.supergroupID != id else { return .needless }
            isSoon = true
        }
        guard await !sender.owes(lane, isSoon: isSoon), !isBusy(lane) else { return .leftOut }
        let reply = OutgoingReply(
            AnyMessage.addMachine(reason.message(open.entry)).reply(in: texts),
            toChat: open.lastMessage?.supergroupID ?? lane.chatID, topic: lane.topicID,
            lastMessageID: open.lastMessage?.id, in: texts, at: now())
        switch await sender.deliver(reply, to: lane) {
        case .sent, .stored, .queued, .dropped: return .done(state.revision)
        case .stopping: throw .stopping
        }
    }

    /// The revisions of the entries whose question was repeated. What was asked in a supergroup need not be asked again
    /// after an absence; what was asked in the group before, people in the supergroup cannot reply to.
    private func asked(_ lane: LaneKey, _ reason: Reason) async throws(ServiceFailure) -> [JSONValue] {
        var types = [Self.supergroupType]
        if case .absence = reason { types.append(Self.absenceType) }
        var revisions: [JSONValue] = []
        for type in types {
            let noted = try await calls.call(StateLoad.self, .init(key: lane.conversation(type))).state
            if let revision = noted?.data[Self.askedKey] { revisions.append(revision) }
        }
        return revisions
    }

    private func note(_ revision: Revision, _ reason: Reason, of lane: LaneKey) async throws(ServiceFailure) {
        _ = try await calls.call(
            StateSave.self,
            .init(
                key: lane.conversation(reason.type), step: Self.step,
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
