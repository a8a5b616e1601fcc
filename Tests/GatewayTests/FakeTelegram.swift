import Contracts
import Synchronization
import TelegramBotAPI

/// A Bot API server without a network. It responds "ok" unless the test gave another response. Unlike Telegram, it
/// checks no parameters and has no limits.
final class FakeTelegram: HTTPTransport {
    struct Call: Sendable, Equatable {
        var method: String
        var parameters: JSONValue
    }

    private struct State {
        var calls: [Call] = []
        var responses: [String: [HTTPOutcome]] = [:]
        /// Calls of these methods get no response until they time out or are cancelled.
        var hanging: Set<String> = []
    }

    private let state = Mutex(State())

    var calls: [Call] { state.withLock { $0.calls } }
    func calls(of method: String) -> [Call] { calls.filter { $0.method == method } }

    /// The next call of `method` gets this response; later calls get those that are added later, and then "ok".
    func answerNext(_ method: String, _ outcome: HTTPOutcome) {
        state.withLock { $0.responses[method, default: []].append(outcome) }
    }

    func answerNext(_ method: String, error code: Int, _ description: String) {
        let body: JSONValue = ["ok": false, "error_code": .integer(Int64(code)), "description": .string(description)]
        answerNext(method, .response(status: code, body: body.serialized()))
    }

    func hang(_ method: String) { state.withLock { _ = $0.hanging.insert(method) } }

    func send(_ request: HTTPRequest) async -> HTTPOutcome {
        let method = request.url.split(separator: "/").last.map(String.init) ?? ""
        let parameters = (try? JSONValue(parsing: request.body)) ?? .null
        let (response, isHanging) = state.withLock { state -> (HTTPOutcome?, Bool) in
            state.calls.append(Call(method: method, parameters: parameters))
            let hasResponse = state.responses[method]?.isEmpty == false
            return (hasResponse ? state.responses[method]?.removeFirst() : nil, state.hanging.contains(method))
        }
        if let response { return response }
        if isHanging {
            try? await Task.sleep(for: request.timeout)
            return .outcomeUnknown(HTTPFailure(Task.isCancelled ? .cancelled : .timedOut))
        }
        let result = method == "getMe" ? #"{"id":1,"is_bot":true,"first_name":"Rivet"}"# : "true"
        return .response(status: 200, body: Array(#"{"ok":true,"result":\#(result)}"#.utf8))
    }
}
