/// Whether Telegram answers.
struct SendGate: Sendable {
    enum State: Sendable { case open, halfOpen, closed }

    var state = State.open
    /// Tries in a row that had no answer.
    var failures = 0
    /// How often it was closed since a try was answered.
    var closings = 0
    var probeAt: Duration = .zero
    var isProbing = false
}
