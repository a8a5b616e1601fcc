import Contracts

/// A Bot API server for one bot, as a pure state machine: requests and people's actions are its input, `takeActions()`
/// has its output. No sockets, no tasks. Time is a parameter (Unix time as a `Duration`) and may stand still or jump.
struct SimulatorCore: Sendable {
    /// How long Telegram keeps an update that the bot does not fetch.
    static let messageRetention: Duration = .seconds(24 * 3600)
    static let callbackRetention: Duration = .seconds(150)
    /// How late a tap may be acknowledged.
    static let callbackAnswerMax: Duration = .seconds(15)
    static let textUTF16Max = 4096
    static let captionUTF16Max = 1024

    let token: String
    let botUsername: String

    var updates: UpdateQueue
    var poller = Poller()
    var webhook: Webhook?
    /// The wait after the first failed delivery.
    var webhookRetryBase: Duration = .seconds(1)
    /// Whether the server runs and delivers updates.
    var isDelivering = false
    var people = People()
    var messages = MessageStore()
    var callbacks = CallbackLedger()
    var files: [String: SimulatedFile] = [:]
    var faults = FaultPlan()
    var rateLimiter: RateLimiter?
    /// Telegram's default for bots in groups.
    var isInPrivacyMode = true
    var statistics = Statistics()
    /// The menu of the default scope, set with `setMyCommands`.
    var commands: [MenuCommand] = []
    private var actions: [SimulatorAction] = []

    /// Counters for tests.
    struct Statistics: Sendable {
        /// Requests by method, faulty and refused ones included.
        var requests: [String: Int] = [:]
        /// `getUpdates` with an offset below zero: each discards unconfirmed updates.
        var negativeOffsets = 0
        /// `deleteWebhook` with `drop_pending_updates`.
        var droppedPending = 0
        /// Updates that the webhook accepted, and failed deliveries by their failure.
        var takenDeliveries = 0
        var failedDeliveries: [String: Int] = [:]
        /// Requests refused with 429 by the rate limits.
        var rateLimited = 0
    }

    init(token: String, botUsername: String = "rivet_bot", firstUpdateID: Int64 = 100_000_001) {
        self.token = token
        self.botUsername = botUsername
        updates = UpdateQueue(firstID: firstUpdateID)
    }

    var botID: Int64 { token.split(separator: ":").first.flatMap { Int64($0) } ?? 1 }

    /// The actions that the shell has to perform now, in order; the list is empty afterwards.
    mutating func takeActions() -> [SimulatorAction] {
        defer { actions = [] }
        return actions
    }

    mutating func act(_ action: SimulatorAction) { actions.append(action) }

    /// A request begins to arrive: counts it, and returns its fault, if any.
    mutating func requestArrived(method: String) -> SimulatedFault? {
        let name = Self.canonical(method)
        statistics.requests[name, default: 0] += 1
        return faults.next(for: name)
    }

    /// A request is complete. An action responds to it, at once unless it is a long poll.
    mutating func callReceived(_ call: APICall, id: CallID, at now: Duration) {
        updates.expire(at: now)
        let method = Self.canonical(call.method)
        if method == "getUpdates" {
            pollReceived(call.parameters, id: id, at: now)
            return
        }
        let reply: APIReply
        do throws(APIError) {
            reply = .result(try perform(method, call.parameters, at: now))
        } catch {
            reply = .error(error)
        }
        act(.answer(id, reply))
    }

    /// The time is `now`: expires updates, ends a long poll whose time is over, and starts deliveries that are due.
    mutating func timePassed(to now: Duration) {
        updates.expire(at: now)
        pollTimePassed(to: now)
        deliver(at: now)
    }

    private mutating func perform(
        _ method: String, _ parameters: CallParameters, at now: Duration
    ) throws(APIError) -> JSONValue {
        switch method {
        case "getMe": return botUser
        case "sendMessage": return try sendMessage(parameters, at: now)
        case "sendPhoto": return try sendPhoto(parameters, at: now)
        case "sendChatAction": return try sendChatAction(parameters)
        case "editMessageText": return try editMessageText(parameters, at: now)
        case "editMessageReplyMarkup": return try editMessageReplyMarkup(parameters, at: now)
        case "deleteMessage": return try deleteMessage(parameters)
        case "answerCallbackQuery": return try answerCallbackQuery(parameters, at: now)
        case "setMyCommands": return try setMyCommands(parameters)
        case "getMyCommands": return .array(commands.map(\.json))
        case "deleteMyCommands":
            commands = []
            return true
        case "getFile": return try getFile(parameters)
        case "deleteWebhook": return deleteWebhook(parameters)
        case "setWebhook": return try setWebhook(parameters, at: now)
        case "getWebhookInfo": return webhookInfo
        case "setMyDescription", "setMyShortDescription", "setChatMenuButton": return true
        default: throw .methodNotFound
        }
    }

    private static let methods = [
        "getMe", "getUpdates", "sendMessage", "sendPhoto", "sendChatAction", "editMessageText",
        "editMessageReplyMarkup", "deleteMessage", "answerCallbackQuery", "setMyCommands", "getMyCommands",
        "deleteMyCommands", "getFile", "setWebhook", "deleteWebhook", "getWebhookInfo", "setMyDescription",
        "setMyShortDescription", "setChatMenuButton",
    ]

    /// The method in its usual spelling: Telegram ignores case.
    static func canonical(_ method: String) -> String {
        methods.first { $0.lowercased() == method.lowercased() } ?? method
    }
}
