import Contracts

/// The people who were refused lately, so that each is told at most once an hour.
struct RefusalLedger: Sendable {
    static let usersMax = 1_024
    static let silence: Duration = .seconds(3_600)

    private var toldAt: [Int64: Timestamp] = [:]

    /// Whether to tell the person now; if so, that counts as done.
    mutating func isDue(_ userID: Int64, now: Timestamp) -> Bool {
        if let told = toldAt[userID], Self.isRecent(told, now) { return false }
        if toldAt.count >= Self.usersMax {
            toldAt = toldAt.filter { Self.isRecent($0.value, now) }
            // Too many strangers at once: the memory is bounded, so some get no reply.
            if toldAt.count >= Self.usersMax { return false }
        }
        toldAt[userID] = now
        return true
    }

    /// If the clock was set back, that makes no person wait longer.
    private static func isRecent(_ told: Timestamp, _ now: Timestamp) -> Bool {
        told <= now && now < told.advanced(by: silence)
    }
}
