public import Contracts

/// A time that two clocks agree on. By it, expired data may be destroyed.
public struct AgreedTime: Sendable, Equatable {
    /// The start of the time in which the wall clock was watched and was not set.
    public let since: Timestamp
    public let now: Timestamp
    /// Everything that had ended by then is over, no matter when it began; nil when the watch is too short to tell.
    public let horizon: Timestamp?

    /// Whether something that began at `start` and lasts until `end` is over.
    func isOver(from start: Timestamp, until end: Timestamp) -> Bool {
        if let horizon, end <= horizon { return true }
        return since <= start && start <= end && end <= now
    }
}
