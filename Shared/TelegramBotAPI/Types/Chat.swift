/// A chat: a private chat, whose id is the person's, a group, or a channel.
public struct Chat: Sendable, Hashable {
    public enum Kind: String, Sendable, CaseIterable {
        case `private`, group, supergroup, channel
        /// A kind that this client does not know.
        case unknown
    }

    public var id: Int64
    public var kind: Kind
    public var title: String?

    public init(id: Int64, kind: Kind = .private, title: String? = nil) {
        self.id = id
        self.kind = kind
        self.title = title
    }

    /// Whether Telegram's limit for groups applies.
    public var isGroup: Bool { kind == .group || kind == .supergroup }
}

extension Chat: Decodable {
    private enum CodingKeys: String, CodingKey { case id, type, title }

    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            id: try values.decode(Int64.self, forKey: .id),
            kind: values.lenient(String.self, .type).flatMap(Kind.init) ?? .unknown,
            title: values.lenient(String.self, .title))
    }
}
