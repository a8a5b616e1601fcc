import ArgumentParser
import Contracts
import ServiceKit

/// Shows the open conversation of a user in a chat.
struct ShowConversationCommand: JSONCommand {
    static let configuration = CommandConfiguration(
        commandName: "conversation",
        abstract: "Shows the open conversation of a user in a chat.",
        discussion: """
            Exits with 0 if the user is known, even without an open conversation, and with 1 if not.
            """)

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

    var json: Bool { options.json }

    func validate() throws {
        try TelegramID.requireUser(user)
        if let chat { try TelegramID.requireChat(chat) }
    }

    func run() async throws {
        // A private chat has the id of its user.
        let key = ConversationKey(userID: user, chatID: chat ?? user, type: type)
        let caller = try options.caller
        let output = try await caller.call(
            .state, StateLoad.self, StateLoad.Params(key: key), deadline: options.deadline)
        let knowledge = output.state == nil ? await caller.knowledge(of: user, deadline: options.deadline) : .known
        let listing = ConversationListing(key: key, state: output.state, knowledge: knowledge, now: .now())
        if json { try Output.print(listing.json) } else { try Output.print(listing.lines) }
        if knowledge == .unknown { throw ExitCode(ExitCodes.failed) }
    }
}
