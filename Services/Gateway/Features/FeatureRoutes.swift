import Dialogue
import TelegramBotAPI

/// How updates reach a feature: what its commands and its buttons ask for.
struct FeatureRoutes: Sendable {
    /// The commands that it takes.
    var commands: [any Command]
    /// What a command asks for; nil for one of another feature.
    var command: @Sendable (TypedCommand) -> Turn.Request?
    /// What the button with these callback data asks for; nil for one of another feature. `message` is the message with the
    /// button, if Telegram shows it.
    var tap: @Sendable (_ data: String, _ message: Message?) -> Turn.Request?

    init(
        commands: [any Command] = [], command: @escaping @Sendable (TypedCommand) -> Turn.Request? = { _ in nil },
        tap: @escaping @Sendable (_ data: String, _ message: Message?) -> Turn.Request? = { _, _ in nil }
    ) {
        self.commands = commands
        self.command = command
        self.tap = tap
    }

    /// All features. A button that none of them knows is the add-machine flow's, which tells the person that it is old.
    static let all: [FeatureRoutes] = [addMachine, library, photos, about]

    static func request(_ command: TypedCommand) -> Turn.Request? {
        all.lazy.compactMap { $0.command(command) }.first
    }

    static func request(tap data: String, _ message: Message?) -> Turn.Request {
        all.lazy.compactMap { $0.tap(data, message) }.first ?? .conversation(Input(tapped: data))
    }
}
