import Contracts
import NIOCore

/// A Bot API server on 127.0.0.1 for tests and demonstrations, whose refusals follow Telegram's. A test controls it.
///
/// ```swift
/// let telegram = TelegramSimulator()
/// let url = try await telegram.start()            // TELEGRAM_API_URL of the bot under test
/// let ada = await telegram.user(42, firstName: "Ada")
/// try await ada.send("/addmachine")
/// let prompt = try await ada.nextMessage()        // what the bot says to it
/// try await ada.tap("Skip")
/// await telegram.stop()
/// ```
///
/// All its state (people, messages, updates, faults) survives `stop()` and the next `start()`, on the same port.
/// Scripts and other processes control the same server over HTTP: see `ControlVerb`.
///
/// What Telegram does that this server does not:
///
/// - Privacy mode: a command without a bot's name reaches the bot always, and not only if it spoke last in the group.
/// - Consent: a person must press Start before the bot may write, and a member can be restricted. Here an added person
///   or group accepts every message until a test blocks the bot.
/// - Faults: Telegram fails, delays, closes connections and shifts its update IDs unasked; here only a test does that.
/// - Limits: Telegram's are not published, change, and cover other methods, too. Here they are off until `limitRates`,
///   and count only messages and edits.
/// - Methods: those that `SimulatorCore` does not list get 404. Parse modes other than HTML are refused, files cannot
///   be uploaded, and of `setMyCommands` only the default scope is kept. `setMyDescription`, `setMyShortDescription`
///   and `setChatMenuButton` are accepted without effect.
/// - Kinds: channels, albums, documents, inline mode and payments do not exist; `inject` can deliver their updates.
/// - Rights and ages: the bot may delete any message at any time, topics are not checked, and a file's address never
///   expires.
/// - Entities: in typed text Telegram also marks links, mentions, hashtags and more; here only commands.
/// - Transport: TLS, HTTP/2, `multipart/form-data`, several data centers and network delays do not exist here.
public actor TelegramSimulator {
    /// The bot's token; a request with another one gets 401.
    public nonisolated let token: String

    var core: SimulatorCore
    private var requestedPort: Int
    private var server: Task<Void, Never>?
    private var callCount = 0
    private var connectionCount = 0
    /// The calls that wait, by the connection over which they came.
    private var waitingCalls: [Int: CallID] = [:]
    private var waitingAnswers: [CallID: CheckedContinuation<HTTPResponse, Never>] = [:]
    /// Responses that were ready before a caller waited for them.
    private var answers: [CallID: HTTPResponse] = [:]
    private var timers: [CallID: Task<Void, Never>] = [:]
    private var observers: [Int: CheckedContinuation<Void, Never>] = [:]
    private var observerCount = 0
    private var timeAdvanced: Duration = .zero
    var webhookRoute: WebhookRoute?
    /// Connections to the webhook that wait for the next update.
    var idleWebhookConnections: [WebhookClient] = []

    /// - Parameters:
    ///   - port: the port to listen on; 0 chooses a free one at the first `start()`, and keeps it.
    ///   - firstUpdateID: the ID of the first update.
    public init(
        token: String = "7000000001:AAFakeTokenForTheSimulatorOnly_0123", port: Int = 0,
        firstUpdateID: Int64 = 100_000_001
    ) {
        self.token = token
        requestedPort = port
        core = SimulatorCore(token: token, firstUpdateID: firstUpdateID)
    }

    // MARK: Server

    /// The present or last port; 0 before the first start.
    public var port: Int { requestedPort }

    /// `http://127.0.0.1:<port>`, the bot's `TELEGRAM_API_URL`.
    public var baseURL: String { "http://127.0.0.1:\(requestedPort)" }

    /// Listens, and returns `baseURL`. Does nothing if it already listens.
    /// - Throws: if the port is in use.
    @discardableResult
    public func start() async throws -> String {
        guard server == nil else { return baseURL }
        return serve(try await HTTPServer.bind(port: requestedPort))
    }

    /// Listens on `socket`, which is bound to a port of 127.0.0.1, perhaps in another network namespace than this
    /// process. Closes it at the end; the server cannot be started again after a stop.
    @discardableResult
    public func start(on socket: Int32) async throws -> String { serve(try await HTTPServer.adopt(socket)) }

    private func serve(_ bound: HTTPServer) -> String {
        requestedPort = bound.port
        server = Task { await bound.run(self) }
        change { core, now in
            core.isDelivering = true
            core.deliver(at: now)
        }
        return baseURL
    }

    /// Makes Telegram unavailable: new connections are refused, open ones closed, and waiting calls get no response.
    /// The state is kept.
    public func stop() async {
        guard let running = server else { return }
        server = nil
        running.cancel()
        core.isDelivering = false
        for connection in idleWebhookConnections { connection.close() }
        idleWebhookConnections = []
        for call in waitingAnswers.keys { abandon(call) }
        await running.value
    }

    var isRunning: Bool { server != nil }

    /// `stop()` and `start()`: every connection breaks, and the state is kept.
    public func restart() async throws {
        await stop()
        try await start()
    }

    // MARK: Time

    /// The server's time, as Unix time.
    var now: Duration {
        SystemClock.unixTime + timeAdvanced
    }

    /// Advances the server's clock: updates expire, taps become too old to acknowledge, long polls end.
    public func advanceTime(by duration: Duration) {
        timeAdvanced += duration
        change { core, now in core.timePassed(to: now) }
    }

    // MARK: State

    /// Changes the core, performs the resulting actions, and wakes those tasks that wait for a change.
    @discardableResult
    func change<Value, Failure: Error>(
        _ body: (inout SimulatorCore, Duration) throws(Failure) -> Value
    ) throws(Failure) -> Value {
        let result: Result<Value, Failure>
        do throws(Failure) { result = .success(try body(&core, now)) } catch { result = .failure(error) }
        for action in core.takeActions() { perform(action) }
        let waiting = observers
        observers = [:]
        for observer in waiting.values { observer.resume() }
        return try result.get()
    }

    /// Waits until `condition` returns a value, and returns it.
    /// - Throws: `SimulatorError` with `what` after `timeout`; `CancellationError`.
    @discardableResult
    func wait<Value>(
        for what: @autoclosure () -> String, timeout: Duration, until condition: (inout SimulatorCore) -> Value?
    ) async throws -> Value {
        let deadline = ContinuousClock.now + timeout
        while true {
            if let value = condition(&core) { return value }
            try Task.checkCancellation()
            guard ContinuousClock.now < deadline else {
                throw SimulatorError("timed out after \(timeout): \(what())")
            }
            await nextChange(before: deadline)
        }
    }

    private func nextChange(before deadline: ContinuousClock.Instant) async {
        observerCount += 1
        let number = observerCount
        let alarm = Task {
            try? await Task.sleep(until: deadline, clock: .continuous)
            wake(number)
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { observers[number] = $0 }
        } onCancel: {
            alarm.cancel()
        }
        alarm.cancel()
    }

    private func wake(_ observer: Int) { observers.removeValue(forKey: observer)?.resume() }

    // MARK: Calls

    private func perform(_ action: SimulatorAction) {
        switch action {
        case .answer(let call, let reply):
            timers.removeValue(forKey: call)?.cancel()
            answers[call] = .reply(reply)
            if let waiting = waitingAnswers.removeValue(forKey: call), let response = answers.removeValue(forKey: call)
            {
                waiting.resume(returning: response)
            }
        case .wake(let call, let time):
            let delay = time - now
            timers[call] = Task {
                guard (try? await Task.sleep(for: delay)) != nil else { return }
                timers[call] = nil
                change { core, _ in core.timePassed(to: time) }
            }
        case .deliver(let delivery): deliver(delivery)
        case .wakeDeliveries(let time):
            let delay = time - now
            Task { [weak self] in
                try? await Task.sleep(for: delay)
                await self?.change { core, _ in core.timePassed(to: time) }
            }
        }
    }

    private func answer(to call: CallID) async -> HTTPResponse {
        if let answer = answers.removeValue(forKey: call) { return answer }
        guard server != nil, waitingCalls.values.contains(call) else { return .lost }
        return await withCheckedContinuation { waitingAnswers[call] = $0 }
    }

    private func abandon(_ call: CallID) {
        timers.removeValue(forKey: call)?.cancel()
        change { core, _ in core.connectionLost(call) }
        waitingAnswers.removeValue(forKey: call)?.resume(returning: .lost)
    }
}

extension TelegramSimulator: HTTPServer.Handler {
    func connectionOpened() -> Int {
        connectionCount += 1
        return connectionCount
    }

    func headArrived(_ route: Route, connection: Int) -> HTTPServer.Arrival {
        callCount += 1
        let call = CallID(number: callCount)
        waitingCalls[connection] = call
        let fault = route.method.flatMap { method in change { core, _ in core.requestArrived(method: method) } }
        return HTTPServer.Arrival(route: route, call: call, fault: fault)
    }

    func respond(to request: ReceivedRequest, _ arrival: HTTPServer.Arrival) async -> HTTPResponse {
        switch arrival.route {
        case .control(let verb): return await control(verb, request)
        case .unknown: return .reply(.error(.notFound))
        case .file(let path, let given): return download(path, token: given)
        case .method(let method, let given):
            if let fault = arrival.fault {
                if fault == .hang { return await answer(to: arrival.call) }
                if let refusal = HTTPResponse.refusal(by: fault) { return refusal }
            }
            guard let call = authorized(method, token: given, request) else {
                return .reply(.error(Self.isWellFormed(given) ? .unauthorized : .notFound))
            }
            let response: HTTPResponse
            switch call {
            case .failure(let error): response = .reply(.error(error))
            case .success(let call):
                change { core, now in core.callReceived(call, id: arrival.call, at: now) }
                response = await answer(to: arrival.call)
            }
            if case .delay(let duration)? = arrival.fault { try? await Task.sleep(for: duration) }
            return response.spoiled(by: arrival.fault)
        }
    }

    func connectionLost(_ connection: Int) {
        if let call = waitingCalls.removeValue(forKey: connection) { abandon(call) }
    }

    private func authorized(_ method: String, token given: String, _ request: ReceivedRequest) -> Result<
        APICall, APIError
    >? {
        guard given == token else { return nil }
        return Result { () throws(APIError) in APICall(method, try request.parameters()) }
    }

    private func download(_ path: String, token given: String) -> HTTPResponse {
        guard given == token, let file = core.files.values.first(where: { $0.path == path }) else {
            return .reply(.error(given == token ? .notFound : .unauthorized))
        }
        return HTTPResponse(status: 200, contentType: "application/octet-stream", body: file.bytes)
    }

    private static func isWellFormed(_ token: String) -> Bool {
        let parts = token.split(separator: ":", omittingEmptySubsequences: false)
        return parts.count == 2 && Int64(parts[0]) != nil && !parts[1].isEmpty
            && parts[1].allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == "-") }
    }
}
