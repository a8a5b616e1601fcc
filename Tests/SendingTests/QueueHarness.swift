@testable import Sending

/// A message's text, as the queue's content.
struct Words: SendContent, Equatable {
    var text: String
    var isPrompt = false
    var rowBytes = 600

    func repeats(_ earlier: Words) -> Bool { text == earlier.text }
}

/// A queue under virtual time: a test ends its tries and writes. The lane's number is the chat's.
struct QueueHarness {
    typealias Queue = SendQueue<Int64, Words>

    var queue: Queue
    var now: Duration = .zero
    /// Tries that began and have not ended, in order.
    var tries: [(id: Int, item: Queue.Item, form: SendForm)] = []
    /// Writes that began and have not ended, in order.
    var writes: [(lane: Int64, row: [SendRow<Words>])] = []
    var probes = 0
    var resolutions: [Int: SendResolution] = [:]
    var reports: [SendReport] = []
    /// The stored row of each lane: the number of tries of each message in it.
    var rows: [Int64: [Int]] = [:]

    init(_ limits: SendLimits = .telegram, isTakenOver: Bool = true) {
        queue = Queue(limits)
        if isTakenOver { tookOverAll() }
    }

    static func item(
        _ chat: Int64, _ text: String, update: Int64 = 0, _ policy: SendPolicy = .message, isPrompt: Bool = false,
        expiresAt: Duration = .seconds(86_400)
    ) -> Queue.Item {
        Queue.Item(
            lane: chat, chatID: chat, isGroup: chat < 0, updateID: update, policy: policy, expiresAt: expiresAt,
            content: Words(text: text, isPrompt: isPrompt))
    }

    /// - Returns: the number under which `resolutions` has its resolution.
    @discardableResult
    mutating func handOver(_ item: Queue.Item) -> Int {
        let id = queue.handedOver(item, now: now)
        act()
        return id
    }

    /// Uses up the burst of 20 messages of a chat; their updates are 1 to 20.
    mutating func fill(_ chat: Int64) {
        for number in 1...20 { handOver(Self.item(chat, "\(number)", update: Int64(number))) }
        while !tries.isEmpty { end(.sent) }
        pass(.milliseconds(100))
        while !tries.isEmpty { end(.sent) }
    }

    mutating func migrated(_ chat: Int64, to supergroup: Int64) {
        queue.migrated(chat, to: supergroup, now: now)
        act()
    }

    mutating func tookOver(_ lane: Int64, _ rows: [(item: Queue.Item, tries: Int)]) {
        self.rows[lane] = rows.map(\.tries)
        queue.tookOver(lane, rows, now: now)
        act()
    }

    mutating func tookOverAll() {
        queue.tookOverAll(now: now)
        act()
    }

    mutating func stop() {
        queue.stopped(now: now)
        act()
    }

    /// Ends the oldest try.
    mutating func end(_ outcome: SendOutcome) {
        let (id, _, _) = tries.removeFirst()
        queue.ended(id, outcome, now: now)
        act()
    }

    /// Ends the oldest write.
    mutating func stored(isDurable: Bool = true) {
        let (lane, row) = writes.removeFirst()
        if isDurable { rows[lane] = row.isEmpty ? nil : row.map(\.tries) }
        queue.stored(lane, isDurable: isDurable, now: now)
        act()
    }

    mutating func probed(_ outcome: SendOutcome) {
        probes -= 1
        queue.probed(outcome, now: now)
        act()
    }

    /// Lets `duration` pass and does what comes due meanwhile. Writes end at once.
    mutating func pass(_ duration: Duration) {
        let end = now + duration
        while true {
            while !writes.isEmpty { stored() }
            guard let wake = queue.wakeAt, wake <= end else { break }
            now = max(now, wake)
            act()
        }
        now = end
    }

    private mutating func act() {
        for action in queue.actions(now: now) {
            switch action {
            case .send(let id, let item, let form): tries.append((id, item, form))
            case .store(let lane, let row): writes.append((lane, row))
            case .probe: probes += 1
            case .resolved(let id, let resolution): resolutions[id] = resolution
            case .report(let report, _): reports.append(report)
            case .sent: break
            }
        }
    }
}
