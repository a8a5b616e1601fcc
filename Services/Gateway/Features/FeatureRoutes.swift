import Dialogue
import TelegramBotAPI

/// How updates reach a feature: what its commands and buttons request.
struct FeatureRoutes: Sendable {
    /// The feature's commands.
    var commands: [any Command]
    /// What a command requests; nil for another feature's command.
    var command: @Sendable (TypedCommand) -> Turn.Request?
    /// What the button with this callback data requests; nil for another feature's button. `message` is the message
    /// with the button, if Telegram shows it.
    var tap: @Sendable (_ data: String, _ message: Message?) -> Turn.Request?

    init(
        commands: [any Command] = [], command: @escaping @Sendable (TypedCommand) -> Turn.Request? = { _ in nil },
        tap: @escaping @Sendable (_ data: String, _ message: Message?) -> Turn.Request? = { _, _ in nil }
    ) {
        self.commands = commands
        self.command = command
        self.tap = tap
    }

    /// All features. A button that none of them knows goes to the add-machine flow, which says that the button is old.
    static let all: [FeatureRoutes] = [addMachine, library, photos, about]

    static func request(_ command: TypedCommand) -> Turn.Request? {
        all.lazy.compactMap { $0.command(command) }.first
    }

    static func request(tap data: String, _ message: Message?) -> Turn.Request {
        all.lazy.compactMap { $0.tap(data, message) }.first ?? .conversation(Input(tapped: data))
    }
}
