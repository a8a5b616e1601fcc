/// One method of a service, as the client and the service share it.
public protocol RPCMethod {
    associatedtype Params: RPCParams
    associatedtype Output: RPCOutput

    /// The name on the wire.
    static var name: String { get }
    /// Whether a call may be repeated when its response was lost: repeated, it has the effect of a single call.
    static var isIdempotent: Bool { get }
}

/// The parameters of a method. Parsing checks each of them.
public protocol RPCParams: Sendable, Equatable {
    /// - Throws: `invalidArgument`, with the wrong field.
    init(_ parameters: Parameters) throws(RPCError)
    var members: [String: JSONValue] { get }
}

/// The result of a method.
public protocol RPCOutput: Sendable, Equatable {
    /// - Throws: `invalidArgument` for a result that does not match the contract.
    init(_ members: Parameters) throws(RPCError)
    var json: JSONValue { get }
}

/// No parameters. Any that are given are ignored.
public struct NoParams: RPCParams {
    public init() {}
    public init(_ parameters: Parameters) throws(RPCError) {}
    public var members: [String: JSONValue] { [:] }
}
