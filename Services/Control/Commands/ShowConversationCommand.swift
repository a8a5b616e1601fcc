import ArgumentParser
import Contracts
import ServiceKit

/// Shows the open conversation of a user in a chat.
struct ShowConversationCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "conversation",
        abstract: "Shows the open conversation of a user in a chat.",
        discussion: "That there is none is an answer, too: it says so and exits with 0.")

    @Argument(help: "The Telegram id of the user.")
    var user: String

    // Groups have negative ids.
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("The id of the chat; with a topic, chat:topic. (default: the private chat)", valueName: "id")
    )
    var chat: String?

    @Option(help: ArgumentHelp("The type of the conversation.", valueName: "name"))
    var type = ConversationKey.addMachine

    @OptionGroup var options: ShowOptions

    func run() async throws {
        // A private chat has the id of its user.
        let key = ConversationKey(userID: user, chatID: chat ?? user, type: type)
        let output = try await options.caller.call(
            .state, StateLoad.self, StateLoad.Params(key: key), deadline: options.deadline)
        if options.json { return try Output.print(output.json) }
        try Output.print(ConversationListing(key: key, state: output.state, now: .now()).lines)
    }
}
