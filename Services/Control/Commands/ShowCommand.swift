import ArgumentParser
import Contracts
import ServiceKit

/// Shows what is stored for a person.
struct ShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Shows a person's open conversation or machines.",
        discussion: """
            Exits with 1 if the user is not known: no machine, and no open conversation.

            Control characters in what people typed are written out, as in \\n and \\u{202E}, so that they cannot \
            affect the terminal.
            """,
        subcommands: [ShowConversationCommand.self, ShowMachinesCommand.self])
}

/// The options of both subcommands.
struct ShowOptions: ParsableArguments {
    @OptionGroup var setUp: SetUpOptions

    @Flag(help: "Print one JSON object: the service's response, and user_known.")
    var json = false

    @Option(
        help: ArgumentHelp("How long to wait for a response: 750ms, 2s. (default: 10s)", valueName: "time"),
        transform: TimeLimit.parse)
    var timeout: TimeLimit?

    var deadline: Duration { timeout?.duration ?? .seconds(10) }
    /// - Throws: when a settings file that was given by name cannot be read.
    var caller: ServiceCaller { get throws(CommandFailure) { try setUp.caller } }
}
