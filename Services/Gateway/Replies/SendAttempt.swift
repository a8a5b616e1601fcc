import TelegramBotAPI

/// A message as it is to be tried next, and what an error makes of it. No I/O.
struct SendAttempt: Sendable, Equatable {
    enum Verdict: Sendable, Equatable {
        /// At once, in the changed form.
        case again
        /// The same, after a short wait.
        case later
        /// The same, when the wait is over that Telegram asked for.
        case after(Duration)
        /// It can never be sent.
        case impossible
    }

    var chatID: Int64
    var threadID: Int64?
    var replyTo: Int64?
    var isPlain = false
    /// Our mark-up was wrong: to be logged.
    private(set) var hadBadMarkup = false

    init(_ reply: OutgoingReply) {
        chatID = reply.chatID
        threadID = reply.threadID
        replyTo = reply.replyTo
    }

    mutating func failed(_ error: TelegramError) -> Verdict {
        switch error {
        // An outcome that is unknown is tried again too: at worst, a prompt is seen twice.
        case .notSent(let failure): failure.reason == .invalidURL ? .impossible : .later
        case .outcomeUnknown, .unauthorized, .conflict, .malformedResponse: .later
        case .tooManyRequests(let retryAfter): .after(retryAfter)
        case .forbidden: .impossible
        case .badRequest(let request): refused(request)
        }
    }

    private mutating func refused(_ request: BadRequest) -> Verdict {
        switch request {
        case .migrated(let id) where id != chatID: chatID = id
        case .topicNotFound where threadID != nil: threadID = nil
        case .repliedMessageNotFound where replyTo != nil: replyTo = nil
        case .cannotParseEntities where !isPlain, .other where !isPlain:
            isPlain = true
            hadBadMarkup = true
        default: return .impossible
        }
        return .again
    }
}
