import Contracts

/// The replies that a lane is still owed, oldest first: `state_data` of a conversation of type `outbox`.
struct OutboxQueue: Sendable, Equatable {
    static let conversationType = ConversationKey.outbox
    static let step = "queued"
    static let repliesMax = 20
    /// With room to the 256 KiB that the state-service takes.
    static let bytesMax = 200 * 1_024
    static let keptFor: Duration = .seconds(24 * 3_600)

    private(set) var replies: [OutgoingReply] = []

    init() {}

    /// What cannot be read is left out.
    init(_ data: [String: JSONValue]) {
        replies = (data["replies"]?.arrayValue ?? []).compactMap { OutgoingReply(json: $0) }
    }

    var data: [String: JSONValue] { ["replies": .array(replies.map(\.json))] }
    var isEmpty: Bool { replies.isEmpty }
    var first: OutgoingReply? { replies.first }

    /// Adds a reply, once for each update. Returns how many had to go for it: first prompts, which it supersedes.
    mutating func append(_ reply: OutgoingReply) -> Int {
        guard !replies.contains(where: { $0.updateID == reply.updateID }) else { return 0 }
        replies.append(reply)
        var dropped = 0
        while replies.count > 1,
            replies.count > Self.repliesMax || JSONValue.object(data).serialized().count > Self.bytesMax
        {
            replies.remove(at: replies.dropLast().firstIndex(where: \.isPrompt) ?? 0)
            dropped += 1
        }
        return dropped
    }

    /// It was sent, or never can be.
    mutating func remove(updateID: Int64) { replies.removeAll { $0.updateID == updateID } }
}
