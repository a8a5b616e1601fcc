import Sending
import TelegramBotAPI

extension SendOutcome {
    /// What a call's error means for the queue; nil if the call succeeded.
    init(_ error: TelegramError?) {
        self =
            switch error {
            case nil: .sent
            case .notSent(let failure): failure.reason == .invalidURL ? .refused(.everything) : .notSent
            case .outcomeUnknown: .unknown
            // A proxy's page. Only with a status of success may the call have had its effect.
            case .malformedResponse(let status): (200..<300).contains(status) ? .unknown : .notSent
            case .unauthorized, .conflict: .notSent
            case .tooManyRequests(let retryAfter): .tooManyRequests(retryAfter: retryAfter)
            case .forbidden: .refused(.everything)
            case .badRequest(let request): SendOutcome(request)
            }
    }

    private init(_ request: BadRequest) {
        self =
            switch request {
            case .messageNotModified: .sent
            case .migrated(let id): .refused(.migrated(to: id))
            case .topicNotFound: .refused(.thread)
            case .repliedMessageNotFound: .refused(.repliedMessage)
            case .messageToEditNotFound: .refused(.editedMessage)
            case .cannotParseEntities, .other: .refused(.content)
            case .queryTooOld, .chatNotFound: .refused(.everything)
            }
    }
}
