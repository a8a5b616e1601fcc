/// An entry of the command menu.
public struct BotCommand: Sendable, Hashable, Codable {
    /// Without the slash: 1 to 32 lower-case letters, digits and underscores.
    public var command: String
    public var description: String

    public init(command: String, description: String) {
        self.command = command
        self.description = description
    }
}
