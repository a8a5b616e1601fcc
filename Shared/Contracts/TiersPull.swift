/// Has a service compare all that its remote tiers have with what it has, and take in what is newer there. Both sockets
/// that store have this method.
///
/// Answers at once; `service.health` shows when it is done: `pulls.<tier>` has grown, and nothing is pending.
public enum TiersPull: RPCMethod {
    public static let name = "tiers.pull"
    public static let isIdempotent = true
    public typealias Params = NoParams

    public struct Output: RPCOutput {
        /// The tiers that are compared, best first; none when none is configured.
        public var started: [TierName]

        public init(started: [TierName]) { self.started = started }
        public init(_ members: Parameters) throws(RPCError) { started = try members.tiers("started") }
        public var json: JSONValue { ["started": .array(started.map { .string($0.rawValue) })] }
    }
}
