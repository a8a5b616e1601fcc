/// The result of a hand-over. The caller that handed the item over gets it once.
public enum SendResolution: Sendable, Equatable {
    /// Telegram accepted the item.
    case sent
    /// The item is stored durably, and will be sent even if this process ends.
    case stored
    /// The item waits in memory only. A passing message gets no more than this.
    case queued
    /// The item can never be sent.
    case dropped
    /// This process stops before the item was sent or stored.
    case stopping
}
