import Contracts

/// The connection to one remote tier, and whether live writes wait for it. No I/O, no clock.
///
/// A tier is judged by its real traffic. The first failure ends the trust. Then there is one attempt at a time, after
/// waits that grow. Each attempt is the probe: it succeeds with a write that gets its response in time. A connection
/// that ends while nothing is under way is no failure: an idle database may sleep.
struct TierLink {
    enum State: Equatable {
        /// There is no connection, and no reason to doubt that one can be made.
        case asleep
        case connecting
        case up
        /// The next attempt comes no earlier than this.
        case waiting(until: ContinuousClock.Instant)
    }

    private(set) var state = State.asleep
    /// The number of this connection. Responses with an earlier number come too late.
    private(set) var number = 0
    /// Whether a write waits for this tier. False until the first contact.
    private(set) var isTrusted = false
    /// The number of times that contact was lost or could not be made.
    private(set) var failures = 0
    private var breaker: Breaker

    /// - Parameter number: the number of the last connection to a tier of this name.
    init(following number: Int = 0, random: any RandomNumberGenerator) {
        self.number = number + 1
        breaker = Breaker(random: random)
    }

    var isUp: Bool { state == .up }

    /// The time when `mayConnect` becomes true, if that depends on time alone.
    var probeAt: ContinuousClock.Instant? { if case .waiting(let moment) = state { moment } else { nil } }

    func mayConnect(at now: ContinuousClock.Instant) -> Bool {
        switch state {
        case .asleep: true
        case .waiting(let moment): moment <= now
        case .connecting, .up: false
        }
    }

    /// - Returns: the number of the new connection.
    mutating func connectBegan() -> Int {
        number += 1
        state = .connecting
        return number
    }

    /// A connection was made. After a failure, writes do not wait for the tier yet: one that accepts connections and
    /// hangs at every write would delay each person by a whole deadline.
    mutating func connected() {
        state = .up
        if !isDoubted { isTrusted = true }
    }

    /// Whether the tier has failed since its last response in time.
    var isDoubted: Bool { breaker.isOpen }

    /// The tier responded in time.
    mutating func proved() {
        isTrusted = true
        breaker.succeeded()
    }

    /// The connection ended, or there is none.
    ///
    /// - Parameter wasIdle: nothing was under way, so the end says nothing about the tier's health.
    mutating func lost(wasIdle: Bool, at now: ContinuousClock.Instant) {
        number += 1
        if wasIdle, state == .up {
            state = .asleep
        } else {
            failed(at: now)
        }
    }

    /// A write reached its deadline, and the connection is not made yet. A database that is waking up is slow, not
    /// down: the attempt continues, but writes no longer wait for it.
    mutating func connectIsSlow() { isTrusted = false }

    private mutating func failed(at now: ContinuousClock.Instant) {
        failures += 1
        isTrusted = false
        breaker.failed(at: now)
        state = .waiting(until: breaker.probeAt ?? now)
    }
}
