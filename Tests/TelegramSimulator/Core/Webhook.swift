import Contracts

/// A webhook as Telegram keeps it: the deliveries in progress, and the waits after failures. No clock, no connections.
///
/// The updates of one chat are delivered one after the other, each after the one before was accepted. The taps of each
/// person have a separate line.
struct Webhook: Sendable {
    static let connectionsMax = 100
    static let connectionsDefault = 40
    static let retryCap: Duration = .seconds(60)

    /// The updates in one line wait for each other.
    enum Line: Hashable, Sendable {
        case chat(Int64)
        case tapsOf(Int64)
        case other
    }

    struct Failure: Sendable {
        var at: Duration
        var message: String
    }

    private struct Wait: Sendable {
        var failures: Int
        var until: Duration
    }

    let url: String
    let secret: String?
    let connectionsMax: Int
    /// The wait after the first failure; it doubles.
    let retryBase: Duration
    var lastFailure: Failure?
    /// The update that is being delivered in each line.
    private(set) var underWay: [Line: Int64] = [:]
    private var waits: [Line: Wait] = [:]

    init(url: String, secret: String?, connectionsMax: Int, retryBase: Duration) {
        self.url = url
        self.secret = secret
        self.connectionsMax = connectionsMax
        self.retryBase = retryBase
    }

    /// The updates whose delivery starts now.
    mutating func begin(_ entries: [UpdateQueue.Entry], at now: Duration) -> [UpdateQueue.Entry] {
        var begun: [UpdateQueue.Entry] = []
        var passed: Set<Line> = []
        for entry in entries where underWay.count < connectionsMax {
            let line = Self.line(of: entry.update)
            guard underWay[line] == nil, passed.insert(line).inserted else { continue }
            if let wait = waits[line], wait.until > now { continue }
            underWay[line] = entry.id
            begun.append(entry)
        }
        return begun
    }

    /// - Returns: the time at which the line continues, if that is not now.
    mutating func ended(_ update: JSONValue, isTaken: Bool, at now: Duration) -> Duration? {
        let line = Self.line(of: update)
        underWay[line] = nil
        guard !isTaken else {
            waits[line] = nil
            return nil
        }
        let failures = (waits[line]?.failures ?? 0) + 1
        let wait = min(retryBase * (1 << min(failures - 1, 10)), Self.retryCap)
        waits[line] = Wait(failures: failures, until: now + wait)
        return now + wait
    }

    static func line(of update: JSONValue) -> Line {
        if let person = update["callback_query"]?["from"]?["id"]?.integerValue { return .tapsOf(person) }
        for value in (update.objectValue ?? [:]).values {
            if let chat = value["chat"]?["id"]?.integerValue { return .chat(chat) }
        }
        return .other
    }
}

/// One update on its way to the webhook.
struct WebhookDelivery: Sendable, Equatable {
    let updateID: Int64
    let url: String
    let secret: String?
    let update: JSONValue
}
