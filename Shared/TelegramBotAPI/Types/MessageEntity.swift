/// A part of a text that Telegram marks: a command, a link, code. Offsets and lengths count UTF-16 units.
public struct MessageEntity: Sendable, Hashable, Decodable {
    /// Telegram's name of the kind: `bot_command`, `code`, `url`.
    public var type: String
    public var offset: Int64
    public var length: Int64

    public init(type: String, offset: Int64, length: Int64) {
        self.type = type
        self.offset = offset
        self.length = length
    }
}
