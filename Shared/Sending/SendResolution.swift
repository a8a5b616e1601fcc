/// What became of an item for the one who handed it over, who is told once.
public enum SendResolution: Sendable, Equatable {
    /// Telegram took it.
    case sent
    /// It is stored durably, and will be sent whatever happens to this process.
    case stored
    /// It waits, in memory only; that is all that is done for an item that passes.
    case queued
    /// It can never be sent.
    case dropped
    /// This process ends before it was sent or stored.
    case stopping
}
