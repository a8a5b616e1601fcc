/// Says that an operator knows what happened to the store: its health is not degraded for that any more. Both sockets that
/// store have this method.
///
/// Durable: when it answers, that is remembered on the disk. Fails with `unavailable`, and changes nothing, while the disk
/// is away.
public enum StoreAcknowledge: RPCMethod {
    public static let name = "store.acknowledge"
    public static let isIdempotent = true
    public typealias Params = NoParams

    public struct Output: RPCOutput {
        /// What was acknowledged with this call, files first, the oldest first.
        public var acknowledged: [StoreIncident]

        public init(acknowledged: [StoreIncident]) { self.acknowledged = acknowledged }

        public init(_ members: Parameters) throws(RPCError) {
            acknowledged = []
            for element in try members.array("acknowledged") {
                acknowledged.append(try StoreIncident(Parameters(element.objectValue ?? [:])))
            }
        }

        public var json: JSONValue { ["acknowledged": .array(acknowledged.map(\.json))] }
    }
}
