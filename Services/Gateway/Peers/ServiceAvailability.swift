/// Whether a peer serves calls, and when a change is worth a log line. No I/O, no clock.
///
/// The availability changes at once. The lines may come later: the return of a peer that fails and works in turn, many
/// times a minute, is logged only after it has worked for `steadyAfter`.
struct ServiceAvailability: Sendable, Equatable {
    /// Reads may succeed while all writes are refused, so a successful read says nothing about writes.
    enum Kind: Sendable { case read, write }

    enum Line: Sendable, Equatable {
        case away(reason: String)
        case back
    }

    typealias Instant = ContinuousClock.Instant

    /// How long a peer must work before its return is logged, if it failed within `flappingWithin` of its last return.
    static let steadyAfter: Duration = .seconds(30)
    static let flappingWithin: Duration = .seconds(60)
    /// A failed write is tried again every few seconds. After this time without a failure, no write is waiting.
    static let writeForgottenAfter: Duration = .seconds(60)

    private struct Closure: Equatable {
        var kind: Kind
        var reason: String
        var lastFailure: Instant
    }

    private var closure: Closure?
    private var openedAt: Instant?
    /// Whether the last line was `away`.
    private var isAwayLogged = false
    private var backLoggedAt: Instant?
    private var isFlapping = false

    /// Why the peer does not serve calls; nil if it does, as far as is known.
    var reason: String? { closure?.reason }
    /// Whether `line` may return a line later.
    var isUnsettled: Bool { closure != nil || isAwayLogged }

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

    /// The line to log now; each is returned once.
    mutating func line(at now: Instant) -> Line? {
        if let closure {
            guard !isAwayLogged else { return nil }
            isAwayLogged = true
            isFlapping = backLoggedAt.map { now - $0 < Self.flappingWithin } ?? false
            return .away(reason: closure.reason)
        }
        guard isAwayLogged, let openedAt, !isFlapping || now - openedAt >= Self.steadyAfter else { return nil }
        isAwayLogged = false
        backLoggedAt = now
        return .back
    }
}
