/// The response of every Bot API method.
struct BotAPIResponse<Result: Decodable>: Decodable {
    /// The longest waiting time that is believed. A longer one is a server's mistake.
    static var retryAfterSecondsMax: Int64 { 86_400 }
    static var retryAfterSecondsDefault: Int64 { 5 }

    var ok: Bool
    /// Nil if it is missing or does not decode.
    var result: Result?
    var errorCode: Int?
    var description: String
    var migrateToChatID: Int64?
    var retryAfterSeconds: Int64?

    private enum CodingKeys: String, CodingKey {
        case ok, result, description, parameters
        case errorCode = "error_code"
    }

    private enum ParameterKeys: String, CodingKey {
        case migrateToChatID = "migrate_to_chat_id"
        case retryAfter = "retry_after"
    }

    init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        ok = try values.decode(Bool.self, forKey: .ok)
        result = values.lenient(Result.self, .result)
        errorCode = values.lenient(Int.self, .errorCode)
        description = values.lenient(String.self, .description) ?? ""
        let parameters = try? values.nestedContainer(keyedBy: ParameterKeys.self, forKey: .parameters)
        migrateToChatID = parameters?.lenient(Int64.self, .migrateToChatID)
        retryAfterSeconds = parameters?.lenient(Int64.self, .retryAfter)
    }

    /// The error that this response reports. Of the server's text only phrases that Rivet knows are used: the server
    /// got the token, and its text may quote it.
    func error(status: Int) -> TelegramError {
        let code = errorCode ?? status
        switch code {
        case 401, 404: return .unauthorized
        case 403: return .forbidden(ServerWords.known(in: description))
        case 409: return .conflict(ServerWords.known(in: description))
        case 420, 429:
            let seconds = max(0, retryAfterSeconds ?? Self.retryAfterSecondsDefault)
            return .tooManyRequests(retryAfter: .seconds(min(seconds, Self.retryAfterSecondsMax)))
        case 400..<500:
            return .badRequest(BadRequest(description: description, migrateToChatID: migrateToChatID))
        case 500...: return .outcomeUnknown(.serverError(status: code))
        default: return .malformedResponse(status: status)
        }
    }
}
