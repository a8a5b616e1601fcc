/// The error of a failed call to another process: a JSON-RPC 2.0 error object, with Rivet's `data`.
public struct RPCError: Error, Sendable, Equatable {
    /// The code on the wire. Negative codes belong to JSON-RPC, the others to Rivet.
    public enum Code: Int64, Sendable, CaseIterable {
        case parseError = -32700
        case invalidRequest = -32600
        case methodNotFound = -32601
        case invalidParams = -32602
        case internalError = -32603
        case duplicateNickname = 1001
        case revisionConflict = 1002
        case invalidArgument = 1003
        case notFound = 1004
        case unavailable = 1005

        /// The `data.kind` of Rivet's errors; nil for those of JSON-RPC.
        public var kind: String? {
            switch self {
            case .duplicateNickname: "duplicate_nickname"
            case .revisionConflict: "revision_conflict"
            case .invalidArgument: "invalid_argument"
            case .notFound: "not_found"
            case .unavailable: "unavailable"
            case .parseError, .invalidRequest, .methodNotFound, .invalidParams, .internalError: nil
            }
        }
    }

    public var code: Code
    /// For a person: what was wrong and what is accepted. It contains no text that a user typed.
    public var message: String
    /// The parameter that caused the error.
    public var field: String?
    /// A nickname that is free.
    public var suggestion: String?
    /// The stored revision.
    public var revision: Int64?

    public init(
        _ code: Code, _ message: String, field: String? = nil, suggestion: String? = nil, revision: Int64? = nil
    ) {
        self.code = code
        self.message = message
        self.field = field
        self.suggestion = suggestion
        self.revision = revision
    }

    /// The error for a parameter that is missing, of the wrong type or out of range. `accepted` says what it must be.
    public static func invalidArgument(_ field: String, _ accepted: String) -> RPCError {
        RPCError(.invalidArgument, "\(field) must be \(accepted)", field: field)
    }
}

extension RPCError: CustomStringConvertible {
    public var description: String { "\(code.kind ?? "rpc error") (\(code.rawValue)): \(message)" }
}

extension RPCError {
    /// The JSON-RPC error object.
    public var json: JSONValue {
        var members: [String: JSONValue] = ["code": .integer(code.rawValue), "message": .string(message)]
        var data: [String: JSONValue] = [:]
        data["kind"] = code.kind.map(JSONValue.string)
        data["field"] = field.map(JSONValue.string)
        data["suggestion"] = suggestion.map(JSONValue.string)
        data["revision"] = revision.map(JSONValue.integer)
        if !data.isEmpty { members["data"] = .object(data) }
        return .object(members)
    }

    /// Parses a JSON-RPC error object. A malformed object or an unknown code becomes an internal error.
    public init(json: JSONValue) {
        let code = json["code"]?.integerValue.flatMap(Code.init(rawValue:)) ?? .internalError
        let data = json["data"]
        self.init(
            code, json["message"]?.stringValue ?? "the peer's error has no message", field: data?["field"]?.stringValue,
            suggestion: data?["suggestion"]?.stringValue, revision: data?["revision"]?.integerValue)
    }
}
