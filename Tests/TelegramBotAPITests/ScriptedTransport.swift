import Foundation
import Synchronization

@testable import TelegramBotAPI

/// A transport whose calls a test answers one by one.
///
/// Unlike libcurl it opens no socket and has no timeout: a call waits until the test answers it or its task is
/// canceled. It reads only the parameters of `getUpdates`.
final class ScriptedTransport: HTTPTransport {
    struct Call: Sendable {
        var offset: Int64?
        var timeout: Int
        var limit: Int
        fileprivate var id: Int
    }

    private struct State {
        var lastID = 0
        var unseen: [Call] = []
        var test: CheckedContinuation<Call, Never>?
        var callers: [Int: CheckedContinuation<HTTPOutcome, Never>] = [:]
    }

    private let state = Mutex(State())

    func send(_ request: HTTPRequest) async -> HTTPOutcome {
        let body = (try? JSONSerialization.jsonObject(with: Data(request.body))) as? [String: Any] ?? [:]
        let id = state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
        let call = Call(
            offset: (body["offset"] as? NSNumber)?.int64Value, timeout: body["timeout"] as? Int ?? -1,
            limit: body["limit"] as? Int ?? -1, id: id)
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isCancelled = state.withLock { state in
                    if Task.isCancelled { return true }
                    state.callers[id] = continuation
                    if let test = state.test {
                        state.test = nil
                        test.resume(returning: call)
                    } else {
                        state.unseen.append(call)
                    }
                    return false
                }
                if isCancelled { continuation.resume(returning: .notSent(HTTPFailure(.cancelled))) }
            }
        } onCancel: {
            finish(id, .outcomeUnknown(HTTPFailure(.cancelled)))
        }
    }

    /// The next call that the test has not seen; waits for one.
    func call() async -> Call {
        await withCheckedContinuation { continuation in
            state.withLock { state in
                if state.unseen.isEmpty {
                    state.test = continuation
                } else {
                    continuation.resume(returning: state.unseen.removeFirst())
                }
            }
        }
    }

    func answer(_ call: Call, _ ids: [Int64]) {
        let updates = ids.map { #"{"update_id":\#($0)}"# }.joined(separator: ",")
        finish(call.id, .response(status: 200, body: Array(#"{"ok":true,"result":[\#(updates)]}"#.utf8)))
    }

    func refuse(_ call: Call, _ code: Int, _ parameters: String = "{}") {
        let body = #"{"ok":false,"error_code":\#(code),"description":"x","parameters":\#(parameters)}"#
        finish(call.id, .response(status: code, body: Array(body.utf8)))
    }

    func fail(_ call: Call) { finish(call.id, .notSent(HTTPFailure(.cannotConnect))) }

    private func finish(_ id: Int, _ outcome: HTTPOutcome) {
        state.withLock { $0.callers.removeValue(forKey: id) }?.resume(returning: outcome)
    }
}
