import Logging
import Sending

/// Something on its way to a person.
enum Outgoing: SendContent, Equatable {
    case reply(OutgoingReply)
    /// The end of the spinner on a button, perhaps with a text.
    case tapAnswer(queryID: String, text: String?)

    var rowBytes: Int { if case .reply(let reply) = self { reply.rowBytes } else { 0 } }
    var isPrompt: Bool { if case .reply(let reply) = self { reply.isPrompt } else { false } }

    func repeats(_ earlier: Outgoing) -> Bool {
        guard case .reply(let reply) = self, case .reply(let earlier) = earlier else { return false }
        return reply.says(earlier)
    }

    var logMetadata: Logger.Metadata { if case .reply(let reply) = self { reply.logMetadata } else { [:] } }
}
