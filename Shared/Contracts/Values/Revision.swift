/// The version of one record: a hybrid logical clock of 48 bits of milliseconds, 10 bits of counter and 6 bits of host.
/// For one key it only grows, over clears, restarts, clock jumps and hosts. The higher revision wins, everywhere.
///
/// Its arithmetic stops at the highest value and never traps: a revision may come from a row that another program wrote.
public struct Revision: Sendable, Hashable, Comparable {
    public var rawValue: Int64

    public init(rawValue: Int64) { self.rawValue = rawValue }

    /// No record: lower than every revision that is issued.
    public static let none = Revision(rawValue: 0)

    /// The milliseconds that a revision can hold: up to the year 6429. The sign bit stays clear.
    public static let millisecondsMax: Int64 = 1 << 47 - 1
    static let hostBits: Int64 = 6
    static let stampBits: Int64 = 16

    public static func < (lhs: Revision, rhs: Revision) -> Bool { lhs.rawValue < rhs.rawValue }

    /// The lowest revision of a moment. One before 1970 is `none`, one past the year 6429 the last that can be told.
    public init(at moment: Timestamp) {
        rawValue = min(max(0, moment.milliseconds), Self.millisecondsMax) << Self.stampBits
    }

    /// When it was issued, as the clock of its host had it.
    public var moment: Timestamp { Timestamp(milliseconds: max(0, rawValue) >> Self.stampBits) }

    /// The revision just above, of whichever host.
    public var next: Revision { Revision(rawValue: rawValue == .max ? .max : rawValue + 1) }

    /// A revision of `host` above this one, `steps` of its counter further on. A counter that is full goes on in the
    /// milliseconds.
    ///
    /// - Parameters:
    ///   - steps: at least 1.
    ///   - host: 0 to 63; its lower six bits count.
    public func following(steps: Int64 = 1, host: UInt8 = 0) -> Revision {
        let (distance, isFar) = max(1, steps).multipliedReportingOverflow(by: 1 << Self.hostBits)
        let (sum, isTooHigh) = rawValue.addingReportingOverflow(distance)
        guard !isFar, !isTooHigh else { return Revision(rawValue: .max) }
        return Revision(rawValue: sum & ~Self.hostMask | Int64(host) & Self.hostMask)
    }

    private static let hostMask: Int64 = 1 << hostBits - 1
}

extension Revision {
    /// How far ahead of our clock another one may be.
    public static let aheadMax = Duration.seconds(365 * 86_400)

    /// The highest revision that is believed of a row, a journal or a call at `now`: a year ahead.
    ///
    /// The one bound for revisions from outside. What is above it was not issued by a clock: nothing could be written over
    /// it, and no revision could follow it.
    public static func highestBelieved(at now: Timestamp) -> Revision { Revision(at: now.advanced(by: aheadMax)) }
}

/// Issues revisions. Each is higher than every earlier one and than every one that was `observed`, whatever the wall
/// clock does.
public struct RevisionClock: Sendable {
    /// Which of the hosts that share tiers this is: two of them never issue the same revision.
    public let host: UInt8
    private var last: Revision

    /// - Parameter host: 0 to 63.
    public init(after last: Revision = .none, host: UInt8 = 0) {
        precondition(host < 1 << Revision.hostBits, "a host number is 0 to 63")
        self.last = last
        self.host = host
    }

    /// A revision was seen, here or in another tier.
    public mutating func observed(_ revision: Revision) { last = max(last, revision) }

    public mutating func next(at now: Timestamp) -> Revision {
        let first = Revision(rawValue: Revision(at: now).rawValue | Int64(host))
        last = max(last.following(host: host), first)
        return last
    }
}
