import Contracts
import Dialogue
import Logging

/// One update that asks something of us, and all that is needed to answer it.
struct Turn: Sendable, Equatable {
    enum Request: Sendable, Equatable {
        /// For the add-machine flow, with an entry open or without.
        case conversation(Input)
        /// A photo: for the open entry, or else to be offered for a new one.
        case photo(fileID: String)
        /// A tap on `save_to_library`. The photo is the message that ours answers, as far as Telegram still shows it.
        case saveTapped(photoMessageID: Int64?, photoFileID: String?)
        case library(LibraryQuery)
        /// A message that depends on nothing that is stored.
        case say(AnyMessage)
        /// Somebody whom the operator did not let in.
        case refusal
        /// A tap that means nothing: its spinner is ended, no more.
        case nothing
    }

    struct Tap: Sendable, Equatable {
        var queryID: String
        /// The message with the button.
        var messageID: Int64
    }

    var updateID: Int64
    var lane: LaneKey
    var isGroup: Bool
    /// The message that is answered; nil for a tap.
    var messageID: Int64?
    var request: Request
    var tap: Tap?
    /// Said into the room rather than to us: without an open entry it is not ours to answer.
    var isOverheard = false
    /// When the person sent the message, by Telegram's clock, to the second (`message.date`). Nil for a tap, which Telegram
    /// gives no time.
    var sentAt: Timestamp?
    /// When the update came to this process.
    var receivedAt: Timestamp?
}

extension Turn {
    /// The time by which it is judged whether the entry was still open; nil for now. Telegram keeps updates for a day: a date
    /// of long before the receipt is a mistake of a clock or of a server, and says nothing.
    var judgedAt: Timestamp? {
        guard let sentAt else { return nil }
        guard let receivedAt, sentAt < receivedAt.advanced(by: .seconds(-7 * 86_400)) else { return sentAt }
        return nil
    }

    /// Whether its person certainly waits for an answer: not for one to what was said into a room, and not if refused.
    var isAwaited: Bool {
        switch request {
        case .refusal, .nothing: false
        case .conversation, .photo, .saveTapped, .library, .say: !isOverheard
        }
    }

    /// By which an operator finds what concerns a person or an update (`rivetctl logs`).
    var logMetadata: Logger.Metadata {
        ["update.id": "\(updateID)", "user.id": "\(lane.userID)", "chat.id": "\(lane.chat)"]
    }
}
