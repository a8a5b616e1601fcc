import Contracts
import Synchronization
import TelegramBotAPI

/// A Bot API server behind no network: it answers "ok" to all but what a test gave other answers for.
final class FakeTelegram: HTTPTransport {
    struct Call: Sendable, Equatable {
        var method: String
        var parameters: JSONValue
    }

    private struct State {
        var calls: [Call] = []
        var answers: [String: [HTTPOutcome]] = [:]
        /// Calls of these methods have no answer until they are cancelled.
        var hanging: Set<String> = []
    }

    private let state = Mutex(State())

    var calls: [Call] { state.withLock { $0.calls } }
    func calls(of method: String) -> [Call] { calls.filter { $0.method == method } }

    /// The next call of `method` is answered with this; later ones with what is added later, and then with "ok".
    func answerNext(_ method: String, _ outcome: HTTPOutcome) {
        state.withLock { $0.answers[method, default: []].append(outcome) }
    }

    func answerNext(_ method: String, error code: Int, _ description: String) {
        let body: JSONValue = ["ok": false, "error_code": .integer(Int64(code)), "description": .string(description)]
        answerNext(method, .response(status: code, body: body.serialized()))
    }

    func hang(_ method: String) { state.withLock { _ = $0.hanging.insert(method) } }

    func send(_ request: HTTPRequest) async -> HTTPOutcome {
        let method = request.url.split(separator: "/").last.map(String.init) ?? ""
        let parameters = (try? JSONValue(parsing: request.body)) ?? .null
        let (answer, isHanging) = state.withLock { state -> (HTTPOutcome?, Bool) in
            state.calls.append(Call(method: method, parameters: parameters))
            let isAnswered = state.answers[method]?.isEmpty == false
            return (isAnswered ? state.answers[method]?.removeFirst() : nil, state.hanging.contains(method))
        }
        if let answer { return answer }
        if isHanging {
            try? await Task.sleep(for: request.timeout)
            return .outcomeUnknown(HTTPFailure(Task.isCancelled ? .cancelled : .timedOut))
        }
        let result = method == "getMe" ? #"{"id":1,"is_bot":true,"first_name":"Rivet"}"# : "true"
        return .response(status: 200, body: Array(#"{"ok":true,"result":\#(result)}"#.utf8))
    }
}
