/// The version of one record: a hybrid logical clock of 48 bits of milliseconds, 10 bits of counter and 6 bits of host.
/// For one key it only grows, over clears, restarts, clock jumps and hosts. Everywhere the higher revision wins.
///
/// Its arithmetic is clamped to the highest value and never traps, since another program may have written the revision.
public struct Revision: Sendable, Hashable, Comparable {
    public var rawValue: Int64

    public init(rawValue: Int64) { self.rawValue = rawValue }

    /// The revision of no record, lower than every issued one.
    public static let none = Revision(rawValue: 0)

    /// The most milliseconds that a revision can express, in the year 6429. The sign bit stays clear.
    public static let millisecondsMax: Int64 = 1 << 47 - 1
    static let hostBits: Int64 = 6
    static let stampBits: Int64 = 16

    public static func < (lhs: Revision, rhs: Revision) -> Bool { lhs.rawValue < rhs.rawValue }

    /// The lowest revision of a moment. Moments before 1970 give `none`; those after the year 6429 are clamped.
    public init(at moment: Timestamp) {
        rawValue = min(max(0, moment.milliseconds), Self.millisecondsMax) << Self.stampBits
    }

    /// When it was issued, by the clock of its host.
    public var moment: Timestamp { Timestamp(milliseconds: max(0, rawValue) >> Self.stampBits) }

    /// The next higher revision, of any host.
    public var next: Revision { Revision(rawValue: rawValue == .max ? .max : rawValue + 1) }

    /// A revision of `host` above this one, its counter higher by `steps`. A counter that overflows carries into the
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
    /// How far ahead of this host's clock another clock may be.
    public static let aheadMax = Duration.seconds(365 * 86_400)

    /// The highest revision that is believed at `now` from a row, a spill file or a call: a year ahead.
    ///
    /// This is the only bound for revisions from outside. No clock issued a revision above it. If it were accepted, no
    /// write could replace it and no revision could follow it.
    public static func highestBelieved(at now: Timestamp) -> Revision { Revision(at: now.advanced(by: aheadMax)) }
}

/// Issues revisions. Each is higher than all issued before, even if the wall clock jumps.
public struct RevisionClock: Sendable {
    /// This host's number among the hosts that share tiers. With it two hosts never issue the same revision.
    public let host: UInt8
    private var last: Revision

    /// - Parameter host: 0 to 63.
    public init(after last: Revision = .none, host: UInt8 = 0) {
        precondition(host < 1 << Revision.hostBits, "a host number is 0 to 63")
        self.last = last
        self.host = host
    }

    public mutating func next(at now: Timestamp) -> Revision {
        let first = Revision(rawValue: Revision(at: now).rawValue | Int64(host))
        last = max(last.following(host: host), first)
        return last
    }
}
