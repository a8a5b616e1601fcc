/// What an operator makes of removals that a tier told and the store holds back.
public enum RemovalDecision: String, Sendable, CaseIterable {
    /// The records go everywhere.
    case accept
    /// The records stay, and the tier gets them back.
    case reject
}

/// Decides on the removals that a service holds back because one tier told too many of them at once. Both sockets that
/// store have this method.
///
/// Answers at once: the decision is carried out by the next walk through the tier, once. `service.health` shows when that is
/// done: `removals.held.<tier>` is 0. Removals that are told later are not decided by it. Fails with `invalidArgument` for a tier
/// that is not configured.
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
        /// How many removals the decision is about; 0: the tier holds none back.
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
