public import Contracts

/// A set of remote tiers. The raw value is stored with debts, so a tier's bit never changes.
public struct TierSet: OptionSet, Sendable, Hashable {
    public var rawValue: Int64

    public init(rawValue: Int64) { self.rawValue = rawValue }

    public init(_ tier: TierName) {
        rawValue =
            switch tier {
            case .neon: 1
            case .supabase: 2
            case .railway: 4
            case .sqlite, .memory: preconditionFailure("\(tier) is no remote tier")
            }
    }

    public init(_ tiers: some Sequence<TierName>) { self = tiers.reduce(into: []) { $0.formUnion(TierSet($1)) } }

    /// Best first.
    public var names: [TierName] { [.neon, .supabase, .railway].filter { contains(TierSet($0)) } }
}
