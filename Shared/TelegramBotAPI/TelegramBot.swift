private import FoundationEssentials
public import Logging

/// The methods of the Bot API that Rivet uses, typed.
///
/// Each call is one request; this type neither retries nor paces calls. The ``TelegramError`` of a call that fails says
/// whether the call may have taken effect. Cancellation ends a call soon, as `.notSent` or `.outcomeUnknown`.
public struct TelegramBot: Sendable {
    /// The time-out of each call except `getUpdates`, whose poll time the caller sets.
    static let callTimeout: Duration = .seconds(30)
    /// Added to the time for which the server may keep a poll open.
    static let pollTimeoutMargin: Duration = .seconds(15)

    private let baseURL: String
    private let token: BotToken
    private let transport: any HTTPTransport
    let logger: Logger

    /// - Parameter baseURL: for example `https://api.telegram.org`. Trailing slashes are ignored.
    public init(baseURL: String, token: BotToken, transport: any HTTPTransport, logger: Logger) {
        self.baseURL = String(baseURL.reversed().drop { $0 == "/" }.reversed())
        self.token = token
        self.transport = transport
        self.logger = logger
    }

    /// - Parameter isRepeatable: see ``HTTPRequest/isRepeatable``.
    func call<Result: Decodable>(
        _ method: String, _ parameters: some Encodable, timeout: Duration = callTimeout, isRepeatable: Bool = true
    ) async throws(TelegramError) -> Result {
        let (status, body) = try await send(method, parameters, timeout: timeout, isRepeatable: isRepeatable)
        return try result(status: status, body: body)
    }

    /// The server's response, with any status and body.
    func send(
        _ method: String, _ parameters: some Encodable, timeout: Duration, isRepeatable: Bool = true
    ) async throws(TelegramError) -> (status: Int, body: [UInt8]) {
        let body: Data
        do {
            body = try JSONEncoder().encode(parameters)
        } catch {
            // Strings and integers always encode.
            preconditionFailure("the parameters of \(method) do not encode")
        }
        let request = HTTPRequest(
            url: "\(baseURL)/bot\(token.pathSegment)/\(method)", body: [UInt8](body), timeout: timeout,
            isRepeatable: isRepeatable)
        switch await transport.send(request) {
        case .response(let status, let body): return (status, body)
        case .notSent(let failure): throw .notSent(failure)
        case .outcomeUnknown(let failure): throw .outcomeUnknown(.transport(failure))
        }
    }

    func result<Result: Decodable>(status: Int, body: [UInt8]) throws(TelegramError) -> Result {
        if status >= 500 { throw .outcomeUnknown(.serverError(status: status)) }
        guard let answer = try? JSONDecoder().decode(BotAPIResponse<Result>.self, from: Data(body)) else {
            // Also for a 401 or 403 that does not come from Telegram: a proxy must not make a chat look blocked.
            throw .malformedResponse(status: status)
        }
        if answer.ok {
            guard let result = answer.result else { throw .malformedResponse(status: status) }
            return result
        }
        throw answer.error(status: status)
    }
}

extension TelegramBot: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "TelegramBot" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
