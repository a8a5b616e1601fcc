import Contracts

/// Names one request from its arrival to its response.
struct CallID: Hashable, Sendable {
    let number: Int
}

/// A Bot API request, in whatever form its parameters came.
struct APICall: Sendable {
    /// The method as written in the path; Telegram ignores its case.
    let method: String
    let parameters: CallParameters

    init(_ method: String, _ parameters: [String: JSONValue] = [:]) {
        self.method = method
        self.parameters = CallParameters(parameters)
    }
}

/// An action that the simulator's core requests from the shell around it.
enum SimulatorAction: Sendable, Equatable {
    /// Respond to the request. Each request gets one response.
    case answer(CallID, APIReply)
    /// Call `timePassed` at this time; the long poll `call` ends then.
    case wake(CallID, at: Duration)
    /// Send the update to the webhook, and call `deliveryEnded` afterwards.
    case deliver(WebhookDelivery)
    /// Call `timePassed` at this time.
    case wakeDeliveries(at: Duration)
}

/// The parameters of a call, read as leniently as Telegram reads them: a number may be a string, and an object may be a
/// string with JSON in it.
struct CallParameters: Sendable {
    private let members: [String: JSONValue]

    init(_ members: [String: JSONValue]) { self.members = members }

    /// The raw member; nil when absent or null.
    subscript(name: String) -> JSONValue? {
        guard let value = members[name], !value.isNull else { return nil }
        return value
    }

    /// A string; for a number or a boolean its spelling.
    func string(_ name: String) -> String? {
        switch self[name] {
        case .string(let value): value
        case .integer(let value): String(value)
        case .decimal(let spelling): spelling
        case .bool(let value): value ? "true" : "false"
        default: nil
        }
    }

    func integer(_ name: String) -> Int64? { string(name).flatMap { Int64($0) } }

    func bool(_ name: String) -> Bool {
        guard let value = string(name)?.lowercased() else { return false }
        return value == "true" || value == "1" || value == "yes"
    }

    /// A structured value, given as JSON or as a string with JSON in it. Nil when absent or an empty string.
    /// - Throws: `APIError` 400 with `failure` if the string is no JSON.
    func structured(_ name: String, orFail failure: String) throws(APIError) -> JSONValue? {
        guard let value = self[name] else { return nil }
        guard case .string(let text) = value else { return value }
        if text.isEmpty { return nil }
        guard let parsed = try? JSONValue(parsing: text) else { throw .badRequest(failure) }
        return parsed.isNull ? nil : parsed
    }
}
