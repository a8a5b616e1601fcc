import Contracts

/// A Bot API server for one bot, as a pure state machine: requests and what people do go in, answers come out of
/// `takeActions()`. No sockets, no tasks; time is a parameter (the Unix time as a `Duration`) and may stand still or jump.
struct SimulatorCore: Sendable {
    /// How long Telegram keeps an update that the bot does not fetch.
    static let messageRetention: Duration = .seconds(24 * 3600)
    static let callbackRetention: Duration = .seconds(150)
    /// How late a tap may be answered.
    static let callbackAnswerMax: Duration = .seconds(15)
    static let textUTF16Max = 4096
    static let captionUTF16Max = 1024

    let token: String
    let botUsername: String

    var updates: UpdateQueue
    var poller = Poller()
    var webhook: Webhook?
    /// The wait after the first delivery that failed.
    var webhookRetryBase: Duration = .seconds(1)
    /// Whether the server runs, and delivers.
    var isDelivering = false
    var people = People()
    var messages = MessageStore()
    var callbacks = CallbackLedger()
    var files: [String: SimulatedFile] = [:]
    var faults = FaultPlan()
    var rateLimiter: RateLimiter?
    var statistics = Statistics()
    /// Set by `setMyCommands` for the default scope.
    var commands: [BotCommand] = []
    private var actions: [SimulatorAction] = []

    /// What a test may ask afterwards.
    struct Statistics: Sendable {
        /// Requests per method, faulty and refused ones too.
        var requests: [String: Int] = [:]
        /// `getUpdates` with an offset below zero: each throws away what was not confirmed.
        var negativeOffsets = 0
        /// `deleteWebhook` with `drop_pending_updates`.
        var droppedPending = 0
        /// Updates that the webhook took, and those that it did not, by the failure.
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

    /// What the shell has to do now, in order; empty afterwards.
    mutating func takeActions() -> [SimulatorAction] {
        defer { actions = [] }
        return actions
    }

    mutating func act(_ action: SimulatorAction) { actions.append(action) }

    /// A request begins to arrive: counts it, and says which fault strikes it.
    mutating func requestArrived(method: String) -> SimulatedFault? {
        let name = Self.canonical(method)
        statistics.requests[name, default: 0] += 1
        return faults.next(for: name)
    }

    /// A request is complete. It is answered by an action, at once unless it is a long poll.
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

    /// The time is `now`: ends a long poll that is over.
    mutating func timePassed(to now: Duration) {
        updates.expire(at: now)
        pollTimePassed(to: now)
        deliver(at: now)
    }

    private mutating func perform(
        _ method: String, _ parameters: Parameters, at now: Duration
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
