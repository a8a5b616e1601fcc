/// The operator's decision on removals that a tier reported and the store deferred.
public enum RemovalDecision: String, Sendable, CaseIterable {
    /// Remove the records everywhere.
    case accept
    /// Keep the records, and restore them in the tier.
    case reject
}

/// Decides on the removals that a service deferred because one tier reported too many of them at once. rivet-state and
/// rivet-library have this method.
///
/// The response comes at once. The next walk through the tier carries out the decision, once. When that is done,
/// `service.health` shows 0 for `removals.held.<tier>`. The decision does not apply to removals reported later. Fails
/// with `invalidArgument` for a tier that is not configured.
public enum TiersRemovals: RPCMethod {
    public static let name = "tiers.removals"
    public static let isIdempotent = true

    public struct Params: RPCParams {
        public var tier: TierName
        public var decision: RemovalDecision

        public init(tier: TierName, decision: RemovalDecision) {
            self.tier = tier
            self.decision = decision
        }

        public init(_ parameters: Parameters) throws(RPCError) {
            guard let tier = TierName(rawValue: try parameters.string("tier")) else {
                throw .invalidArgument("tier", "neon, supabase or railway")
            }
            guard let decision = RemovalDecision(rawValue: try parameters.string("decision")) else {
                throw .invalidArgument("decision", "accept or reject")
            }
            self.init(tier: tier, decision: decision)
        }

        public var members: [String: JSONValue] {
            ["tier": .string(tier.rawValue), "decision": .string(decision.rawValue)]
        }
    }

    public struct Output: RPCOutput {
        /// How many removals the decision covers; 0 when none is deferred for the tier.
        public var removals: Int64

        public init(removals: Int64) { self.removals = removals }

        public init(_ members: Parameters) throws(RPCError) {
            guard let removals = members.member("removals")?.integerValue else {
                throw .invalidArgument("removals", "a number")
            }
            self.init(removals: removals)
        }

        public var json: JSONValue { ["removals": .integer(removals)] }
    }
}
