/// Whether a service does what it is asked, and when that is worth a line in the log. No I/O, no clock.
///
/// The availability is true at once. The lines are not: a service that is closed and open in turn, many times a minute, is
/// called back only when it has been open for `steadyAfter`.
struct ServiceAvailability: Sendable, Equatable {
    /// Reads may succeed where each write is refused, so a read that succeeds tells nothing of writes.
    enum Kind: Sendable { case read, write }

    enum Line: Sendable, Equatable {
        case away(reason: String)
        case back
    }

    typealias Instant = ContinuousClock.Instant

    /// How long a service that was called back less than a minute ago must be open to be called back once more.
    static let steadyAfter: Duration = .seconds(30)
    static let flappingWithin: Duration = .seconds(60)
    /// A write that failed is tried again every few seconds. After this time without one, nothing waits to be written.
    static let writeForgottenAfter: Duration = .seconds(60)

    private struct Closure: Equatable {
        var kind: Kind
        var reason: String
        var lastFailure: Instant
    }

    private var closure: Closure?
    private var openedAt: Instant?
    /// Whether the last line was that it is away.
    private var isAwayTold = false
    private var backToldAt: Instant?
    private var isFlapping = false

    /// Why it does not do what it is asked; nil if it does, as far as is known.
    var reason: String? { closure?.reason }
    /// Whether `line` may have something to say later.
    var isUnsettled: Bool { closure != nil || isAwayTold }

    mutating func failed(_ kind: Kind, reason: String, at now: Instant) {
        let kind = closure?.kind == .write ? .write : kind
        closure = Closure(kind: kind, reason: reason, lastFailure: now)
    }

    mutating func succeeded(_ kind: Kind, at now: Instant) {
        guard let closure else { return }
        let isForgotten = now - closure.lastFailure >= Self.writeForgottenAfter
        guard kind == .write || closure.kind == .read || isForgotten else { return }
        self.closure = nil
        openedAt = now
    }

    /// What is to be logged now, once.
    mutating func line(at now: Instant) -> Line? {
        if let closure {
            guard !isAwayTold else { return nil }
            isAwayTold = true
            isFlapping = backToldAt.map { now - $0 < Self.flappingWithin } ?? false
            return .away(reason: closure.reason)
        }
        guard isAwayTold, let openedAt, !isFlapping || now - openedAt >= Self.steadyAfter else { return nil }
        isAwayTold = false
        backToldAt = now
        return .back
    }
}
