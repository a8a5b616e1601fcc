import DequeModule
import HeapModule

/// The queued replies of all chats. Decides when each is tried, what is stored, and what follows from each outcome.
///
/// Pure: time is a `Duration` since any fixed start, and must not go back. After each event (a function in the past
/// tense) call ``actions(now:)``, and again at ``wakeAt``.
///
/// - Ordered: an item of a lane is tried when each item before it was sent or dropped, or had an unknown outcome. Of a
///   chat's items one at a time is tried.
/// - Fair: the chat or lane that has waited longest since its last message is served first.
/// - Durable: an item that cannot leave at once is stored. A stored item is tried only when its row counts that try, so
///   a crash at any moment leaves at most `triesMax` tries whose outcome is unknown. For an item that was not stored,
///   its owner is responsible: Telegram delivers the update again.
/// - Bounded: a lane's row has at most `rowBytesMax` bytes. Items beyond that wait unstored and delay their lane.
public struct SendQueue<Lane: Hashable & Sendable, Content: SendContent>: Sendable {
    public typealias Item = SendItem<Lane, Content>
    public typealias Action = SendAction<Lane, Content>
    typealias Entry = SendEntry<Lane, Content>

    /// Below the 256 KiB that the state service accepts, with room to spare.
    public static var rowBytesMax: Int { 200 * 1_024 }
    /// Messages that are tried at the same time.
    static var inFlightMax: Int { 100 }
    /// The same while it is uncertain whether Telegram responds.
    static var inFlightHalfOpenMax: Int { 3 }
    static var writesMax: Int { 128 }
    /// Stored items whose next try is counted ahead of time: about as many as may be sent while a row is written.
    static var marksMax: Int { 64 }
    /// How long before its time a stored item's try is counted.
    static var markAhead: Duration { .seconds(2) }
    /// After this many consecutive tries without a response, no try begins until Telegram responds to a probe.
    static var failuresMax: Int { 3 }

    let times: SendTimes
    var places: SendPlaces
    var entries: [Int: Entry] = [:]
    var lanes: [Lane: SendLaneState] = [:]
    var chats: [Int64: SendChatState<Lane>] = [:]
    /// The ids of supergroups, by the ids that they had as groups.
    var migrations: [Int64: Int64] = [:]
    /// Chats that have an item whose next try may begin.
    var beginning = Heap<SendTurn>()
    /// Chats that have an item whose next try must be counted first.
    var marking = Heap<SendTurn>()
    var marks: Set<Int> = []
    var alarms = Heap<SendAlarm>()
    /// Lanes whose row must be written.
    var dirty: Deque<Lane> = []
    var writes = 0
    var storeFailures = 0
    var storeRetryAt: Duration = .zero
    /// Queued tap acknowledgements.
    var taps: [Int] = []
    var inFlightCount = 0
    var tapsInFlight = 0
    var gate = SendGate()
    /// New items, and refused ones with a new form, that `actions(now:)` has not handled yet.
    var fresh: [Int] = []
    var pending: [Action] = []
    private(set) var isTakenOver = false
    private(set) var isStopping = false
    private var nextID = 1
    private var nextTakenOver = Int.min / 2
    var nextNumber = 1
    private var wake: Duration?

    public init(_ limits: SendLimits, times: SendTimes = SendTimes()) {
        self.times = times
        places = SendPlaces(limits)
    }

    // MARK: - Queries

    /// When to call ``actions(now:)`` next, even if no event comes; nil if that is not needed.
    public var wakeAt: Duration? { wake }
    /// The number of lanes with queued replies that are stored or will be.
    public var owedLaneCount: Int { lanes.values.count { $0.hasRow || $0.isDirty || $0.isWriting } }
    /// Whether the lane has queued replies.
    public func owes(_ lane: Lane) -> Bool { lanes[lane].map { !$0.entries.isEmpty } ?? false }
    /// Whether the lane has queued replies that need not wait for minutes because their outcome is unknown.
    public func owesSoon(_ lane: Lane, now: Duration) -> Bool {
        lanes[lane]?.entries.contains { entries[$0].map { $0.retryAt <= now } ?? false } ?? false
    }
    /// The contents of all queued messages and edits.
    public var owedContents: some Sequence<Content> {
        entries.values.lazy.filter { $0.item.policy.isStored }.map(\.item.content)
    }
    /// Whether no item is being tried, and no row is being written or must be.
    public var isAtRest: Bool { inFlightCount == 0 && tapsInFlight == 0 && writes == 0 && dirty.isEmpty }

    /// The number of items that wait or are tried, including those that are not stored.
    package var entryCount: Int { entries.count }

    /// For a simulation's report.
    package var summary: String {
        "gate \(gate.state), \(entries.count) entries, \(beginning.count) to begin, \(marking.count) to mark, "
            + "\(marks.count) marks, \(dirty.count) dirty, \(writes) writes, \(inFlightCount) in flight, wake at "
            + (wake.map { "\($0)" } ?? "no time")
    }

    // MARK: - Events

    /// Queues an item.
    ///
    /// - Returns: the id that `SendAction.resolved` carries when the item is resolved.
    public mutating func handedOver(_ item: Item, now: Duration) -> Int {
        let id = nextID
        nextID += 1
        guard !isStopping else {
            pending.append(.resolved(id: id, .stopping))
            return id
        }
        if let other = sameOwed(as: item) {
            joined(id, other)
            return id
        }
        entries[id] = Entry(
            item: item, form: SendForm(chatID: migrations[item.chatID] ?? item.chatID), order: id, handedAt: now,
            tokens: [id])
        if item.policy.isMessage {
            join(item.lane, item.chatID)
            if plantedBug(.newestFirst) {
                lanes[item.lane]?.entries.insert(id, at: 0)
            } else {
                lanes[item.lane]?.entries.append(id)
            }
        } else {
            taps.append(id)
        }
        if !item.policy.isStored { alarm(.entry(id), at: item.expiresAt) }
        fresh.append(id)
        return id
    }

    /// The group `chatID` became a supergroup: its items go there from now on.
    public mutating func migrated(_ chatID: Int64, to supergroup: Int64, now: Duration) {
        guard migrations[chatID] != supergroup else { return }
        moved(chatID, to: supergroup)
        evaluate(chatID, now)
    }

    /// An item that is being tried is refused, and tried again there.
    mutating func moved(_ chatID: Int64, to supergroup: Int64) {
        migrations[chatID] = supergroup
        for (id, entry) in entries where entry.item.chatID == chatID && !entry.isInFlight {
            entries[id]?.form.chatID = supergroup
        }
    }

    /// Adds a row of a lane that an earlier process left. Call this once for each row, before ``tookOverAll(now:)``.
    public mutating func tookOver(_ lane: Lane, _ rows: [(item: Item, tries: Int)], now: Duration) {
        guard !rows.isEmpty else { return }
        var ids: [Int] = []
        for (item, stored) in rows {
            let tries = plantedBug(.triesForgotten) ? 0 : stored
            let id = nextID
            nextID += 1
            let handed = lanes[lane]?.entries.first {
                item.updateID != 0 && entries[$0]?.item.updateID == item.updateID
                    && entries[$0]?.item.policy.isStored == true
            }
            if let handed, !plantedBug(.redeliveredTwice) {
                resolve(handed, .stored)
                entries[handed] = nil
                lanes[lane]?.entries.removeAll { $0 == handed }
            }
            nextTakenOver += 1
            var entry = Entry(
                item: item, form: SendForm(chatID: migrations[item.chatID] ?? item.chatID), order: nextTakenOver,
                handedAt: now, tokens: [])
            entry.storedTries = tries
            entry.tries = tries
            if tries > 0 {
                entry.retryAt = now + repeatAfter(item.policy, tries)
                gate.failures = max(gate.failures, 1)
            }
            entries[id] = entry
            ids.append(id)
        }
        join(lane, rows[0].item.chatID)
        lanes[lane]?.entries.insert(contentsOf: ids, at: 0)
        lanes[lane]?.hasRow = true
        for id in ids {
            guard let entry = entries[id], entry.tries >= entry.item.policy.triesMax else { continue }
            pending.append(.report(.unknown, entry.item))
            remove(id, .dropped)
        }
        evaluate(rows[0].item.chatID, now)
    }

    /// Records that all rows of earlier processes were added.
    public mutating func tookOverAll(now: Duration) {
        isTakenOver = true
        for chat in chats.keys { evaluate(chat, now) }
    }

    /// Records that the process stops: no further try begins. Waiting callers get `.stopping`; the next process takes
    /// over the stored items.
    public mutating func stopped(now: Duration) {
        isStopping = true
        for (id, entry) in entries where !entry.isInFlight {
            resolve(id, .stopping)
            uncount(id)
        }
    }

    // MARK: - Parts

    /// Whether stored items may be tried and rows written. Until the rows of an earlier process are known, a write
    /// would lose such a row, and a try would break its lane's order. Until then only passing messages and tap
    /// acknowledgements are tried.
    var isReady: Bool { (isTakenOver || plantedBug(.takeoverNotAwaited)) && !isStopping }

    /// Removes from the row a try that was counted ahead and that this process will not begin.
    mutating func uncount(_ id: Int) {
        guard let entry = entries[id], let stored = entry.storedTries, stored > entry.rowTries(isStopping: true),
            !plantedBug(.countKept)
        else { return }
        setDirty(entry.item.lane)
    }

    mutating func setWake(_ time: Duration?) { wake = time }

    /// A queued item that makes this one unnecessary: it belongs to the same update, or has the same text and was not
    /// tried yet.
    private func sameOwed(as item: Item) -> Int? {
        guard item.policy.isStored, let ids = lanes[item.lane]?.entries else { return nil }
        if item.updateID != 0, !plantedBug(.redeliveredTwice),
            let same = ids.first(where: {
                entries[$0]?.item.updateID == item.updateID && entries[$0]?.item.policy.isStored == true
            })
        {
            return same
        }
        guard item.policy == .message, let last = ids.last, let entry = entries[last], entry.item.policy == .message,
            !entry.isInFlight, entry.tries == 0, item.content.repeats(entry.item.content)
        else { return nil }
        return last
    }

    private mutating func joined(_ token: Int, _ id: Int) {
        if entries[id]?.tokens.isEmpty == true {
            pending.append(.resolved(id: token, .stored))
        } else {
            entries[id]?.tokens.append(token)
        }
    }

    private mutating func join(_ lane: Lane, _ chat: Int64) {
        guard lanes[lane] == nil else { return }
        lanes[lane] = SendLaneState(chat: chat)
        chats[chat, default: .init()].lanes.append(lane)
    }

    mutating func alarm(_ subject: SendAlarm.Subject, at time: Duration) {
        nextNumber += 1
        alarms.insert(SendAlarm(at: time, number: nextNumber, subject: subject))
    }

    mutating func resolve(_ id: Int, _ resolution: SendResolution) {
        guard let tokens = entries[id]?.tokens, !tokens.isEmpty else { return }
        entries[id]?.tokens = []
        for token in tokens { pending.append(.resolved(id: token, resolution)) }
    }

    /// Resolves an entry and removes it.
    mutating func remove(_ id: Int, _ resolution: SendResolution) {
        resolve(id, resolution)
        marks.remove(id)
        guard let entry = entries.removeValue(forKey: id) else { return }
        guard entry.item.policy.isMessage else {
            taps.removeAll { $0 == id }
            return
        }
        let lane = entry.item.lane
        lanes[lane]?.entries.removeAll { $0 == id }
        if entry.isInRow, !plantedBug(.sentStaysInRow) { setDirty(lane) }
        forgetIfIdle(lane)
    }

    mutating func setDirty(_ lane: Lane) {
        guard let state = lanes[lane], !state.isDirty else { return }
        lanes[lane]?.isDirty = true
        if !state.isWriting { dirty.append(lane) }
    }

    mutating func forgetIfIdle(_ lane: Lane) {
        guard let state = lanes[lane], state.entries.isEmpty, !state.isDirty, !state.isWriting else { return }
        let chat = state.chat
        lanes[lane] = nil
        chats[chat]?.lanes.removeAll { $0 == lane }
        if let state = chats[chat], state.lanes.isEmpty, state.inFlight == nil, state.wakeAt == nil {
            chats[chat] = nil
        }
    }

    func repeatAfter(_ policy: SendPolicy, _ tries: Int) -> Duration {
        if plantedBug(.unknownRepeatedAtOnce) { return .zero }
        let waits = policy == .message ? times.repeatAfter : times.repeatHarmlessAfter
        return waits.isEmpty ? .zero : waits[min(tries, waits.count) - 1]
    }
}
