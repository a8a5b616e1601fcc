/// The tiers, best first.
public enum TierName: String, Sendable, CaseIterable, Comparable {
    case neon, supabase, railway, sqlite, memory

    /// Whether this tier's data survives a power loss.
    public var isDurable: Bool { self != .memory }

    public static func < (lhs: TierName, rhs: TierName) -> Bool { lhs.rank < rhs.rank }

    private var rank: Int {
        switch self {
        case .neon: 0
        case .supabase: 1
        case .railway: 2
        case .sqlite: 3
        case .memory: 4
        }
    }
}

/// The tiers that have a revision.
public struct Placement: Sendable, Equatable {
    /// Best first.
    public var storedIn: [TierName]
    /// False when only memory has it.
    public var isDurable: Bool

    public init(storedIn: [TierName], isDurable: Bool) {
        self.storedIn = storedIn
        self.isDurable = isDurable
    }

    /// A placement in `tiers`.
    public init(_ tiers: [TierName]) {
        storedIn = tiers.sorted()
        isDurable = tiers.contains(where: \.isDurable)
    }
}
