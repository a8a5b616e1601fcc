/// A person or a bot.
public struct User: Sendable, Hashable {
    public var id: Int64
    public var isBot: Bool
    public var firstName: String
    public var username: String?
    public var languageCode: String?

    public init(
        id: Int64, isBot: Bool = false, firstName: String = "", username: String? = nil, languageCode: String? = nil
    ) {
        self.id = id
        self.isBot = isBot
        self.firstName = firstName
        self.username = username
        self.languageCode = languageCode
    }
}

extension User: Decodable {
    private enum CodingKeys: String, CodingKey {
        case id
        case isBot = "is_bot"
        case firstName = "first_name"
        case username
        case languageCode = "language_code"
    }

    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            id: try values.decode(Int64.self, forKey: .id),
            isBot: values.lenient(Bool.self, .isBot) ?? false,
            firstName: values.lenient(String.self, .firstName) ?? "",
            username: values.lenient(String.self, .username),
            languageCode: values.lenient(String.self, .languageCode))
    }
}
