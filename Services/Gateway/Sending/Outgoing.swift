import Logging
import Sending

/// A message or a tap acknowledgement on its way to a person.
enum Outgoing: SendContent, Equatable {
    case reply(OutgoingReply)
    /// A tap acknowledgement: it ends the spinner on a button, and may show a text.
    case tapAnswer(queryID: String, text: String?)

    var rowBytes: Int { if case .reply(let reply) = self { reply.rowBytes } else { 0 } }
    var isPrompt: Bool { if case .reply(let reply) = self { reply.isPrompt } else { false } }

    func repeats(_ earlier: Outgoing) -> Bool {
        guard case .reply(let reply) = self, case .reply(let earlier) = earlier else { return false }
        return reply.says(earlier)
    }

    var logMetadata: Logger.Metadata { if case .reply(let reply) = self { reply.logMetadata } else { [:] } }
}
