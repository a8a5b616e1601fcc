import Contracts
import Dialogue
import KillPoints
import Synchronization

/// Runs one turn: from what a person did to a stored effect and the reply to it.
///
/// A crash between any two calls is repaired when the update is delivered again: each effect is stored under the
/// update's id, or under an id made from the conversation. This type does not send, wait or try again. If a turn fails,
/// its repetition finds every change that it made.
struct TurnEngine<Calls: ServiceCalls>: Sendable {
    /// The most times that one turn is decided. It is decided again when the conversation changed meanwhile.
    static var conflictsMax: Int { 8 }

    let calls: Calls
    let memory: TurnMemory
    let newTag: @Sendable (Turn) -> String
    let now: @Sendable () -> Timestamp
    /// No update with a lower id will be delivered again; nil if that is not known of any id.
    let settledBefore: @Sendable () -> Int64?

    init(
        calls: Calls, memory: TurnMemory = TurnMemory(), now: @escaping @Sendable () -> Timestamp,
        newTag: @escaping @Sendable (Turn) -> String = ConversationTag.begun(by:),
        settledBefore: @escaping @Sendable () -> Int64? = { nil }
    ) {
        self.calls = calls
        self.memory = memory
        self.newTag = newTag
        self.now = now
        self.settledBefore = settledBefore
    }

    func run(_ turn: Turn) async throws(ServiceFailure) -> TurnOutcome {
        let turn = try await underItsKey(turn)
        guard let fileID = turn.photoFileID else { return try await perform(turn) }
        let kept = try await photo(fileID, nil, turn)
        var outcome = try await perform(turn)
        outcome.volatile += kept.volatile
        return outcome
    }

    private func perform(_ turn: Turn) async throws(ServiceFailure) -> TurnOutcome {
        switch turn.request {
        case .conversation(let input): return try await run(input, turn)
        case .photo(let fileID, let caption): return try await photo(fileID, caption, turn)
        case .saveTapped(_, let fileID): return try await saveTapped(fileID, turn)
        case .library(let query): return try await library(query, turn)
        case .say(let message): return TurnOutcome(message: message)
        case .refusal:
            guard memory.isRefusalDue(turn.lane.userID, now: now()) else { return .silent }
            return TurnOutcome(message: .trouble(.notAllowed(userID: turn.lane.user)))
        case .nothing: return .silent
        }
    }

    /// The turn in the lane under which its entry is stored: that of the supergroup if the entry began before Rivet
    /// knew which group it was.
    private func underItsKey(_ turn: Turn) async throws(ServiceFailure) -> Turn {
        guard turn.concernsEntry, let other = turn.inSupergroup else { return turn }
        let (own, later) = (try await load(turn), try await load(other))
        if own.applied != nil { return turn }
        if later.applied != nil { return other }
        switch (own.state, later.state) {
        case (let own?, let later?): return own.updatedAt < later.updatedAt ? other : turn
        case (_?, nil): return turn
        case (nil, _?): return other
        case (nil, nil): return own.lastClear == nil && later.lastClear != nil ? other : turn
        }
    }

    private func load(_ turn: Turn) async throws(ServiceFailure) -> StateLoad.Output {
        try await calls.call(
            StateLoad.self, .init(key: turn.lane.conversation(), updateID: turn.updateID, sentAt: turn.judgedAt))
    }

    /// The state of the turn's conversation: an open entry, an earlier effect of this update, or neither.
    enum ConversationStatus {
        case open(OpenEntry)
        /// No entry is open. One that is over may be taken up again.
        case none(KeptDraft?)
        case unreadable
        case applied(AppliedUpdate, state: Conversation?, kept: KeptDraft?)
        /// The update was handled and changed nothing; another one followed.
        case answered
    }

    func status(_ turn: Turn) async throws(ServiceFailure) -> ConversationStatus {
        let loaded = try await load(turn)
        if let applied = loaded.applied { return .applied(applied, state: loaded.state, kept: kept(loaded.lastClear)) }
        guard let state = loaded.state else { return .none(kept(loaded.lastClear)) }
        guard let entry = OpenEntry(state) else { return .unreadable }
        return entry.answeredUpdates.contains(turn.updateID) ? .answered : .open(entry)
    }

    /// Decides again while the conversation changes meanwhile.
    func run(_ input: Input, _ turn: Turn) async throws(ServiceFailure) -> TurnOutcome {
        for _ in 1..<Self.conflictsMax {
            do { return try await decided(input, turn) } catch .refused(let error) where error.code == .revisionConflict
            {
                continue
            }
        }
        return try await decided(input, turn)
    }

    private func decided(_ input: Input, _ turn: Turn) async throws(ServiceFailure) -> TurnOutcome {
        switch try await status(turn) {
        case .applied(let applied, let state, let kept):
            var outcome = try await replay(applied, state, kept, input, turn)
            outcome.isRepeated = true
            return outcome
        // The entry forgets the update when it ends; this process must not, until Telegram has the confirmation.
        case .answered: return noEffect(TurnOutcome(isRepeated: true), turn)
        case .unreadable: return try await clear(.invalid, turn, .trouble(.unreadableEntry))
        case .none(let kept):
            if turn.isOverheard { return noEffect(.silent, turn) }
            let decision = AddMachine.decide(nil, kept: kept.flatMap(KeptEntry.init), input, newTag: newTag(turn))
            return try await follow(decision, over: nil, kept: kept, input, turn)
        case .open(let open):
            let kept = kept(open.earlier)
            let decision = AddMachine.decide(
                open.entry, kept: kept.flatMap(KeptEntry.init), input, newTag: newTag(turn))
            return try await follow(decision, over: open, kept: kept, input, turn)
        }
    }
}

extension TurnEngine {
    /// The entry that may be taken up again. If it has no content, that is the entry before it.
    private func kept(_ kept: KeptDraft?) -> KeptDraft? {
        guard var kept, now() < kept.keptUntil, let open = OpenEntry(kept) else { return nil }
        if !open.entry.hasContent, let earlier = open.earlier { return now() < earlier.keptUntil ? earlier : nil }
        kept.data[OpenEntry.Key.earlier] = nil
        return kept
    }
}

extension KeptEntry {
    /// Nil if it cannot be read.
    init?(_ kept: KeptDraft) {
        guard let open = OpenEntry(kept) else { return nil }
        self.init(entry: open.entry, hasExpired: kept.reason == .expired)
    }
}

/// What this process remembers from turn to turn, with bounds.
final class TurnMemory: Sendable {
    private let answered = Mutex(AnsweredUpdates())
    private let refusals = Mutex(RefusalLedger())

    func isRefusalDue(_ userID: Int64, now: Timestamp) -> Bool { refusals.withLock { $0.isDue(userID, now: now) } }
    func answeredWithoutEffect(_ turn: Turn) { answered.withLock { $0.answered(turn.updateID, in: turn.lane) } }
    func answeredUpdates(of lane: LaneKey) -> [Int64] { answered.withLock { $0.ids(of: lane) } }
}
