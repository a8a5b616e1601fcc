import Contracts
import Dialogue
import Logging

/// The handling of one update: what it requests, and all that is needed for the reply.
struct Turn: Sendable, Equatable {
    enum Request: Sendable, Equatable {
        /// For the add-machine flow, with or without an open entry.
        case conversation(Input)
        /// A photo: for the open entry; without one, the bot offers to begin an entry with it. `caption` is the input
        /// that the caption makes, if there is one.
        case photo(fileID: String, caption: Input?)
        /// A tap on `save_to_library`. The photo is in the message to which the bot's message replies, if Telegram
        /// still shows it.
        case saveTapped(photoMessageID: Int64?, photoFileID: String?)
        case library(LibraryQuery)
        /// A message that depends on nothing that is stored.
        case say(AnyMessage)
        /// From a person whom the allow-list does not let in.
        case refusal
        /// A tap without a meaning: only its spinner is ended.
        case nothing
    }

    struct Tap: Sendable, Equatable {
        var queryID: String
        /// The message with the button.
        var messageID: Int64
    }

    var updateID: Int64
    var lane: LaneKey
    /// The supergroup that the lane's group became, if the update is from there.
    var supergroupID: Int64?
    var isGroup: Bool
    /// The person's message; nil for a tap.
    var messageID: Int64?
    var request: Request
    /// A photo of the message, beside what its caption asks for.
    var photoFileID: String?
    /// The bot that a command names, in lower case, if this bot's name is not known yet.
    var namedBot: String?
    var tap: Tap?
    /// Whether the message was for the group rather than for the bot: without an open entry, the bot does not reply.
    var isOverheard = false
    /// When the person sent the message, by Telegram's clock, to the second (`message.date`). Nil for a tap: Telegram
    /// gives it no time.
    var sentAt: Timestamp?
    /// When the update was received, by this process or by the one that parked it.
    var receivedAt: Timestamp?
}

extension Turn {
    /// The chat of the update: the ids of messages are ids there.
    var chatID: Int64 { supergroupID ?? lane.chatID }

    /// The time that decides whether the entry was still open; nil for now. Telegram keeps updates for a day. So a date
    /// of more than a week before the receipt is an error of a clock or of a server, and is ignored.
    var judgedAt: Timestamp? {
        guard let sentAt else { return nil }
        guard let receivedAt, sentAt < receivedAt.advanced(by: .seconds(-7 * 86_400)) else { return sentAt }
        return nil
    }

    /// The person's message that the turn is about: also the photo whose button was tapped.
    var personsMessage: PersonsMessage? {
        let id = if case .saveTapped(let photoMessageID, _) = request { photoMessageID } else { messageID }
        return id.map { PersonsMessage(id: $0, supergroupID: supergroupID) }
    }

    /// Whether it reads or changes an entry.
    var concernsEntry: Bool {
        switch request {
        case .conversation, .photo, .saveTapped: true
        case .library, .say, .refusal, .nothing: photoFileID != nil
        }
    }

    /// The same turn for an entry that is stored under the id of the supergroup: it began before Rivet learned which
    /// group that was.
    var inSupergroup: Turn? {
        guard let supergroupID else { return nil }
        var turn = self
        turn.lane.chatID = supergroupID
        turn.supergroupID = nil
        return turn
    }

    /// Whether the person certainly waits for a reply: not if the message was for the group, and not if refused.
    var isAwaited: Bool {
        switch request {
        case .refusal, .nothing: false
        case .conversation, .photo, .saveTapped, .library, .say: !isOverheard
        }
    }

    /// The fields by which an operator finds the log lines of a person or an update (`rivetctl logs`).
    var logMetadata: Logger.Metadata {
        ["update.id": "\(updateID)", "user.id": "\(lane.userID)", "chat.id": "\(lane.chat)"]
    }
}
