/// One method of a service, as both ends see it.
public protocol RPCMethod {
    associatedtype Params: RPCParams
    associatedtype Output: RPCOutput

    /// The name on the wire.
    static var name: String { get }
    /// Whether the same call may be sent again when its answer was lost, and has the effect of one.
    static var isIdempotent: Bool { get }
}

/// The parameters of a method. Reading them checks each one.
public protocol RPCParams: Sendable, Equatable {
    /// - Throws: `invalidArgument`, with the field at fault.
    init(_ parameters: Parameters) throws(RPCError)
    var members: [String: JSONValue] { get }
}

/// The result of a method.
public protocol RPCOutput: Sendable, Equatable {
    /// - Throws: `invalidArgument` for a result that is not as the contract says.
    init(_ members: Parameters) throws(RPCError)
    var json: JSONValue { get }
}

/// No parameters; any that are given are ignored.
public struct NoParams: RPCParams {
    public init() {}
    public init(_ parameters: Parameters) throws(RPCError) {}
    public var members: [String: JSONValue] { [:] }
}
