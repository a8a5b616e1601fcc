import ArgumentParser
import Contracts
import ServiceKit

/// Shows what is stored of a person.
struct ShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Shows a person's open conversation or machines.",
        discussion: """
            Exits with 1 if the user is not known: no machine, and no open conversation.

            What people typed is shown with control characters written out, as in \\n and \\u{202E}, so that it cannot \
            play with the terminal.
            """,
        subcommands: [ShowConversationCommand.self, ShowMachinesCommand.self])
}

/// What both have.
struct ShowOptions: ParsableArguments {
    @OptionGroup var setUp: SetUpOptions

    @Flag(help: "Print one JSON object: what the service answers, and user_known.")
    var json = false

    @Option(
        help: ArgumentHelp("How long to wait for an answer: 750ms, 2s. (default: 10s)", valueName: "time"),
        transform: TimeLimit.parse)
    var timeout: TimeLimit?

    var deadline: Duration { timeout?.duration ?? .seconds(10) }
    /// - Throws: when a file of settings that was asked for by name cannot be read.
    var caller: ServiceCaller { get throws(CommandFailure) { try setUp.caller } }
}
