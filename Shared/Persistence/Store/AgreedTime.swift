public import Contracts

/// A time that two clocks agree on, by which something may be destroyed because it is over.
public struct AgreedTime: Sendable, Equatable {
    /// Since when the wall clock was under watch and was not set.
    public let since: Timestamp
    public let now: Timestamp
    /// What was over by then is over, whenever it began; nil when the watch is too short to tell.
    public let horizon: Timestamp?

    /// Whether what began at `start`, to last until `end`, is over.
    func isOver(from start: Timestamp, until end: Timestamp) -> Bool {
        if let horizon, end <= horizon { return true }
        return since <= start && start <= end && end <= now
    }
}
