/// Whether Telegram responds: `open` if it does, `closed` if it does not, `halfOpen` after a successful probe.
struct SendGate: Sendable {
    enum State: Sendable { case open, halfOpen, closed }

    var state = State.open
    /// Consecutive tries without a response.
    var failures = 0
    /// How often the gate was closed, or a probe failed, since the last response to a try.
    var closings = 0
    var probeAt: Duration = .zero
    var isProbing = false
}
