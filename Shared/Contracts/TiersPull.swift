/// Makes a service compare all records of its remote tiers with its own, and import those that are newer there.
/// rivet-state and rivet-library have this method.
///
/// The response comes at once. When the pull is done, `service.health` shows a higher `pulls.<tier>` and no pending
/// writes.
public enum TiersPull: RPCMethod {
    public static let name = "tiers.pull"
    public static let isIdempotent = true
    public typealias Params = NoParams

    public struct Output: RPCOutput {
        /// The tiers that are compared, best first; empty when none is configured.
        public var started: [TierName]

        public init(started: [TierName]) { self.started = started }
        public init(_ members: Parameters) throws(RPCError) { started = try members.tiers("started") }
        public var json: JSONValue { ["started": .array(started.map { .string($0.rawValue) })] }
    }
}
