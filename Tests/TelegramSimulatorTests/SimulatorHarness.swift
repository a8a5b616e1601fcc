import Contracts

@testable import TelegramSimulator

/// The core with a clock that stands still until a test advances it.
final class SimulatorHarness {
    var core = SimulatorCore(token: "1:a", firstUpdateID: 100)
    var now: Duration = .seconds(1_700_000_000)
    private var calls = 0
    private var replies: [CallID: APIReply] = [:]

    init() { core.people.add(SimulatedUser(id: 42, firstName: "Ada")) }

    /// Calls `method`; nil while the call waits.
    @discardableResult
    func call(_ method: String, _ parameters: [String: JSONValue] = [:]) -> APIReply? {
        reply(to: start(method, parameters))
    }

    /// Calls `method`, and returns the call's ID for `reply(to:)`.
    func start(_ method: String, _ parameters: [String: JSONValue] = [:]) -> CallID {
        calls += 1
        let id = CallID(number: calls)
        core.callReceived(APICall(method, parameters), id: id, at: now)
        return id
    }

    func reply(to call: CallID) -> APIReply? {
        for case .answer(let id, let reply) in core.takeActions() { replies[id] = reply }
        return replies[call]
    }

    /// Changes the core at the present time of the clock.
    func change<Value>(_ body: (inout SimulatorCore, Duration) throws -> Value) rethrows -> Value {
        try body(&core, now)
    }

    /// The bot's next message to Ada.
    func next(thread: Int64? = nil) -> BotMessage? { core.messages.takeNext(in: 42, thread: thread) }

    func advance(_ duration: Duration) {
        now += duration
        core.timePassed(to: now)
    }

    /// Polls after a pause that is long enough not to be slowed down.
    func poll(_ offset: Int64? = nil, limit: Int64? = nil, timeout: Int64 = 0) -> [Int64] {
        advance(.seconds(4))
        var parameters: [String: JSONValue] = ["timeout": .integer(timeout)]
        if let offset { parameters["offset"] = .integer(offset) }
        if let limit { parameters["limit"] = .integer(limit) }
        return call("getUpdates", parameters)?.updateIDs ?? []
    }

    @discardableResult
    func say(_ text: String, chat: Int64 = 42, thread: Int64? = nil) throws -> Int64 {
        try core.personSends(text, from: 42, at: Place(chat: chat, thread: thread), at: now).updateID
    }

    /// The description of the error with which the call fails.
    func failure(_ method: String, _ parameters: [String: JSONValue]) -> String? {
        guard case .error(let error)? = call(method, parameters) else { return nil }
        return error.description
    }

    @discardableResult
    func sendMessage(_ text: String, _ more: [String: JSONValue] = [:]) -> APIReply? {
        call("sendMessage", ["chat_id": 42, "text": .string(text)].merging(more) { $1 })
    }

    func sendFailure(_ text: String, _ more: [String: JSONValue] = [:]) -> String? {
        failure("sendMessage", ["chat_id": 42, "text": .string(text)].merging(more) { $1 })
    }
}

extension APIReply {
    var value: JSONValue? {
        guard case .result(let value) = self else { return nil }
        return value
    }

    var failure: APIError? {
        guard case .error(let error) = self else { return nil }
        return error
    }

    var updateIDs: [Int64] { (value?.arrayValue ?? []).compactMap { $0["update_id"]?.integerValue } }
}
