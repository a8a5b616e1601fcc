import Contracts

/// The connection to one remote tier, and whether the live path waits for it. No I/O, no clock.
///
/// A tier is judged by the traffic itself. The first failure ends the trust; then one attempt at a time, after waits
/// that grow, each of which is the probe: it ends with a write that is answered in time. A connection that ends while nothing is under way is no
/// failure: a database that nobody uses may sleep.
struct TierLink {
    enum State: Equatable {
        /// No connection, and no reason to doubt that there would be one.
        case asleep
        case connecting
        case up
        /// The next attempt is not before then.
        case waiting(until: ContinuousClock.Instant)
    }

    private(set) var state = State.asleep
    /// Which connection this is: answers that belong to an earlier one come too late.
    private(set) var number = 0
    /// Whether a write waits for this tier. False until the first contact.
    private(set) var isTrusted = false
    /// How often contact was lost or could not be made.
    private(set) var failures = 0
    private var breaker: Breaker

    /// - Parameter number: of the last connection to a tier of this name.
    init(following number: Int = 0, random: any RandomNumberGenerator) {
        self.number = number + 1
        breaker = Breaker(random: random)
    }

    var isUp: Bool { state == .up }

    /// When `mayConnect` will be true, if it is only a matter of time.
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

    /// There is a connection. After a failure that is no reason to wait for the tier yet: one that says hello and hangs
    /// at every write would cost each person a deadline.
    mutating func connected() {
        state = .up
        if !isDoubted { isTrusted = true }
    }

    /// Whether it has failed since it last did something in time.
    var isDoubted: Bool { breaker.isOpen }

    /// It did something in time.
    mutating func proved() {
        isTrusted = true
        breaker.succeeded()
    }

    /// The connection ended, or there is none.
    ///
    /// - Parameter wasIdle: nothing was under way, and the end says nothing of how the tier is.
    mutating func lost(wasIdle: Bool, at now: ContinuousClock.Instant) {
        number += 1
        if wasIdle, state == .up {
            state = .asleep
        } else {
            failed(at: now)
        }
    }

    /// A write waited as long as it may, and the connection is not there yet. A database that is waking up is slow, not
    /// down: the attempt goes on, and nobody waits for it any more.
    mutating func connectIsSlow() { isTrusted = false }

    private mutating func failed(at now: ContinuousClock.Instant) {
        failures += 1
        isTrusted = false
        breaker.failed(at: now)
        state = .waiting(until: breaker.probeAt ?? now)
    }
}
