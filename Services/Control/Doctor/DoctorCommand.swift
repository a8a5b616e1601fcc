import ArgumentParser
import Contracts
import Glibc
import ServiceKit

/// Looks at everything that Rivet needs, and says what is wrong and what to do.
struct DoctorCommand: JSONCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Checks settings, token, databases, disk, sockets, clock and units; says what to correct, and how.",
        discussion: """
            Looks at the settings and credentials of the services, and at what they need. Only root may read all of it: \
            what this user may not look at is shown as skipped, and does not count. Asks Telegram for the bot's name and changes nothing, but for a small file that is written to the directory of \
            the databases, synced and removed again.

            EXIT CODES
              0   all is well
              1   something should be corrected
              2   a service, a database or Telegram does not answer
              64  the command line is wrong
              74  the answer could not be written
              78  a setting is wrong
            """)

    @OptionGroup var setUp: SetUpOptions

    @OptionGroup var stateDirectory: StateDirectoryOption

    @Option(
        help: ArgumentHelp("How long to wait for each answer from elsewhere: 2s. (default: 10s)", valueName: "time"),
        transform: TimeLimit.parse)
    var timeout: TimeLimit?

    @Flag(help: "Print one JSON object: {\"findings\": [{subject, level, finding, next_step}, ...], \"exit_code\"}.")
    var json = false

    func run() async throws {
        let doctor = Doctor(
            setUp: setUp.setUp(stateDirectory: stateDirectory.path), timeout: timeout?.duration ?? .seconds(10))
        let listing = DoctorListing(findings: await doctor.findings())
        if json { try Output.print(listing.json) } else { try Output.print(listing.lines) }
        if listing.exitCode != ExitCodes.done { throw ExitCode(listing.exitCode) }
    }
}
