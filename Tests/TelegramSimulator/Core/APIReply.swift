import Contracts

/// The response of a Bot API method: a result, or an error with Telegram's wording.
enum APIReply: Sendable, Equatable {
    case result(JSONValue)
    case error(APIError)

    /// The HTTP status that goes with the envelope.
    var status: Int {
        switch self {
        case .result: 200
        case .error(let error): error.code
        }
    }

    /// The envelope: `{ok, result}` or `{ok, error_code, description, parameters}`.
    var envelope: JSONValue {
        switch self {
        case .result(let result): return ["ok": true, "result": result]
        case .error(let error):
            var members: [String: JSONValue] = [
                "ok": false, "error_code": .integer(Int64(error.code)), "description": .string(error.description),
            ]
            if !error.parameters.isEmpty { members["parameters"] = .object(error.parameters) }
            return .object(members)
        }
    }
}

/// A response with `ok` false.
struct APIError: Error, Equatable, CustomStringConvertible {
    /// The HTTP status and `error_code`.
    let code: Int
    /// Telegram's wording, with the prefix that belongs to the code.
    let description: String
    /// `retry_after` or `migrate_to_chat_id`.
    var parameters: [String: JSONValue] = [:]

    static func badRequest(_ detail: String) -> APIError {
        APIError(code: 400, description: "Bad Request: \(detail)")
    }

    static func forbidden(_ detail: String) -> APIError {
        APIError(code: 403, description: "Forbidden: \(detail)")
    }

    static func tooManyRequests(retryAfterSeconds: Int) -> APIError {
        APIError(
            code: 429, description: "Too Many Requests: retry after \(retryAfterSeconds)",
            parameters: ["retry_after": .integer(Int64(retryAfterSeconds))])
    }

    static func migrated(to chat: Int64) -> APIError {
        APIError(
            code: 400, description: "Bad Request: group chat was upgraded to a supergroup chat",
            parameters: ["migrate_to_chat_id": .integer(chat)])
    }

    static let unauthorized = APIError(code: 401, description: "Unauthorized")
    static let notFound = APIError(code: 404, description: "Not Found")
    static let methodNotFound = APIError(code: 404, description: "Not Found: method not found")
    static let otherPoller = APIError(
        code: 409,
        description: "Conflict: terminated by other getUpdates request; "
            + "make sure that only one bot instance is running")
    static let webhookIsActive = APIError(
        code: 409,
        description: "Conflict: can't use getUpdates method while webhook is active; "
            + "use deleteWebhook to delete the webhook first")
    static let endedByWebhook = APIError(code: 409, description: "Conflict: terminated by setWebhook request")
    static let queryTooOld = badRequest("query is too old and response timeout expired or query ID is invalid")
    static let notModified = badRequest(
        "message is not modified: specified new message content and reply markup are exactly the same "
            + "as a current content and reply markup of the message")
}
