/// A tap that the bot acknowledged.
public struct AnsweredCallback: Sendable, Equatable {
    public let queryID: String
    /// The callback data of the button.
    public let data: String
    public let user: Int64
    /// The text shown to the person, if any.
    public let text: String?
    /// Whether it is shown in a box that must be closed, and not only briefly.
    public let showsAlert: Bool
}

/// Taps, and their acknowledgments. A tap can be acknowledged once, and only soon.
struct CallbackLedger: Sendable {
    private struct Tap: Sendable {
        let user: Int64
        let data: String
        let tappedAt: Duration
    }

    private var open: [String: Tap] = [:]
    private(set) var answered: [AnsweredCallback] = []
    private var count = 0

    /// A person taps a button.
    /// - Returns: the ID of the query.
    mutating func tapped(_ data: String, by user: Int64, at now: Duration) -> String {
        count += 1
        let id = String(4_000_000_000_000_000_000 + count)
        open[id] = Tap(user: user, data: data, tappedAt: now)
        return id
    }

    /// Whether the acknowledgment counts; a late one or a second one does not.
    mutating func answer(_ id: String, text: String?, showsAlert: Bool, at now: Duration, within max: Duration) -> Bool
    {
        guard let tap = open.removeValue(forKey: id), now - tap.tappedAt <= max else { return false }
        answered.append(
            AnsweredCallback(queryID: id, data: tap.data, user: tap.user, text: text, showsAlert: showsAlert))
        return true
    }
}
