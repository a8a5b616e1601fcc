/// A tap that the bot answered.
public struct AnsweredCallback: Sendable, Equatable {
    public let queryID: String
    /// The callback data of the button.
    public let data: String
    public let user: Int64
    /// What is shown to the person, if anything.
    public let text: String?
    /// Shown as a box that must be closed rather than in passing.
    public let showsAlert: Bool
}

/// Taps, and which of them were answered. A tap is answered once, and soon.
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
    /// - Returns: the id of the query.
    mutating func tapped(_ data: String, by user: Int64, at now: Duration) -> String {
        count += 1
        let id = String(4_000_000_000_000_000_000 + count)
        open[id] = Tap(user: user, data: data, tappedAt: now)
        return id
    }

    /// Whether the answer still counts; a late one or a second one does not.
    mutating func answer(_ id: String, text: String?, showsAlert: Bool, at now: Duration, within max: Duration) -> Bool
    {
        guard let tap = open.removeValue(forKey: id), now - tap.tappedAt <= max else { return false }
        answered.append(
            AnsweredCallback(queryID: id, data: tap.data, user: tap.user, text: text, showsAlert: showsAlert))
        return true
    }
}
