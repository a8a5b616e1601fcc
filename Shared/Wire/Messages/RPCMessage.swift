import Contracts
import NIOCore

/// The content of a frame: one JSON-RPC 2.0 object.
enum RPCMessage: Equatable {
    case request(id: RequestID, method: String, params: [String: JSONValue])
    /// A request without an id: it gets no response, not even an error.
    case notification(method: String, params: [String: JSONValue])
    case response(id: RequestID, Result<JSONValue, RPCError>)
}

extension RPCMessage {
    /// Parses a frame's body. Missing `params` count as empty.
    init(parsing body: ByteBuffer) throws(InvalidMessage) {
        let json: JSONValue
        do {
            json = try JSONValue(parsing: body.readableBytesView)
        } catch {
            throw InvalidMessage(.parseError, "the frame is not JSON: \(error)", id: .null)
        }
        guard case .object(let members) = json else {
            throw InvalidMessage(
                .invalidRequest, "the frame must be one JSON object; batches are not supported", id: .null)
        }
        let id = members["id"].map(RequestID.init)
        if case .some(.none) = id {
            throw InvalidMessage(.invalidRequest, "id must be a string, a number or null", id: .null)
        }
        try self.init(members, id: id ?? nil)
    }

    private init(_ members: [String: JSONValue], id: RequestID?) throws(InvalidMessage) {
        guard members["jsonrpc"] == "2.0" else {
            throw InvalidMessage(.invalidRequest, "jsonrpc must be \"2.0\"", id: id ?? .null)
        }
        if members["method"] == nil, let id, let outcome = Self.outcome(in: members) {
            self = .response(id: id, outcome)
            return
        }
        guard let method = members["method"]?.stringValue else {
            throw InvalidMessage(.invalidRequest, "method must be a string", id: id ?? .null)
        }
        guard case .object(let params) = members["params"] ?? [:] else {
            throw InvalidMessage(.invalidParams, "params must be an object", id: id)
        }
        if let id {
            self = .request(id: id, method: method, params: params)
        } else {
            self = .notification(method: method, params: params)
        }
    }

    private static func outcome(in members: [String: JSONValue]) -> Result<JSONValue, RPCError>? {
        switch (members["result"], members["error"]) {
        case (let result?, nil): .success(result)
        case (nil, let error?): .failure(RPCError(json: error))
        case (nil, nil), (.some, .some): nil
        }
    }
}
