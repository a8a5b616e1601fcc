import TelegramBotAPI

/// Records which requests wait for which update, and which updates are in progress. No I/O, no clock.
struct WebhookLedger<Waiter> {
    enum ReceivedAction: Equatable {
        /// The update is new; the request waits for it.
        case handOver
        /// The update is in progress already; the request waits for it, too.
        case wait
        /// The update was settled before.
        case answerSettled
        /// There are too many, or the webhook is stopping: the update stays with Telegram.
        case refuse
    }

    private let unsettledMax: Int
    private var unsettled: Set<Int64> = []
    /// The waiting requests, by update and number of the request.
    private var waiting: [Int64: [Int: Waiter]] = [:]
    private var recent: RecentIDs
    private(set) var isStopped = false

    init(
        unsettledMax: Int = WebhookLimits.unsettledMax, settledRememberedMax: Int = UpdateLedger.settledRememberedMax
    ) {
        self.unsettledMax = unsettledMax
        recent = RecentIDs(countMax: settledRememberedMax)
    }

    /// The number of updates handed over and not settled.
    var unsettledCount: Int { unsettled.count }
    var isFull: Bool { unsettled.count >= unsettledMax }
    /// The number of waiting requests.
    var waitingCount: Int { waiting.values.reduce(0) { $0 + $1.count } }

    mutating func requestReceived(_ request: Int, for id: Int64, _ waiter: Waiter) -> ReceivedAction {
        if recent.contains(id) { return .answerSettled }
        if isStopped { return .refuse }
        if unsettled.contains(id) {
            waiting[id, default: [:]][request] = waiter
            return .wait
        }
        guard !isFull else { return .refuse }
        unsettled.insert(id)
        waiting[id] = [request: waiter]
        return .handOver
    }

    /// The update is settled or parked.
    ///
    /// - Returns: the requests that waited for it.
    mutating func settled(_ id: Int64) -> [Waiter] {
        unsettled.remove(id)
        recent.remember(id)
        return waiting.removeValue(forKey: id).map { Array($0.values) } ?? []
    }

    /// The request no longer waits. Its update stays in progress.
    mutating func requestEnded(_ request: Int, for id: Int64) {
        waiting[id]?[request] = nil
        if waiting[id]?.isEmpty == true { waiting[id] = nil }
    }

    /// Accepts no new updates.
    mutating func stopped() { isStopped = true }

    /// Removes all requests that still wait.
    ///
    /// - Returns: these requests.
    mutating func gaveUp() -> [Waiter] {
        defer { waiting = [:] }
        return waiting.values.flatMap(\.values)
    }
}
