/// The version of one record: a hybrid logical clock of 48 bits of milliseconds and 16 bits of counter. For one key
/// it only grows, over clears, restarts, clock jumps and hosts. The higher revision wins, everywhere.
public struct Revision: Sendable, Hashable, Comparable {
    public var rawValue: Int64

    public init(rawValue: Int64) { self.rawValue = rawValue }

    /// No record: lower than every revision that is issued.
    public static let none = Revision(rawValue: 0)

    public static func < (lhs: Revision, rhs: Revision) -> Bool { lhs.rawValue < rhs.rawValue }

    /// The lowest revision of a moment.
    public init(at moment: Timestamp) { rawValue = max(0, moment.milliseconds) << 16 }

    public var next: Revision { Revision(rawValue: rawValue + 1) }
}

/// Issues revisions. Each is higher than every earlier one and than every one that was `observed`, whatever the wall
/// clock does.
public struct RevisionClock: Sendable {
    private var last: Revision

    public init(after last: Revision = .none) { self.last = last }

    /// A revision was seen, here or in another tier.
    public mutating func observed(_ revision: Revision) { last = max(last, revision) }

    public mutating func next(at now: Timestamp) -> Revision {
        last = max(last.next, Revision(at: now))
        return last
    }
}
