/// Records that the operator knows about an incident of the store, which then no longer degrades the health.
/// rivet-state and rivet-library have this method.
///
/// Durable: when the response comes, the acknowledgement is on disk. While the disk is unavailable, it fails with
/// `unavailable` and changes nothing.
public enum StoreAcknowledge: RPCMethod {
    public static let name = "store.acknowledge"
    public static let isIdempotent = true
    public typealias Params = NoParams

    public struct Output: RPCOutput {
        /// The incidents that this call acknowledged: files first, then oldest first.
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
