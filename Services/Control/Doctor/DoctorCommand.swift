import ArgumentParser
import Contracts
import Glibc
import ServiceKit

/// Checks everything that Rivet needs, and says what is wrong and what to do.
struct DoctorCommand: JSONCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Checks settings, token, databases, disk, sockets, clock and units; says what to correct, and how.",
        discussion: """
            Checks the settings and credentials of the services, and what the services need. Only root may read \
            everything: what this user may not read is shown as skipped, and does not count. The command asks Telegram \
            for the bot's name. It changes nothing; it only writes, syncs and removes a small file in the directory of \
            the databases.

            EXIT CODES
              0   all is well
              1   something should be corrected
              2   a service, a database or Telegram does not answer
              64  the command line is wrong
              74  the output could not be written
              78  a setting is wrong
            """)

    @OptionGroup var setUp: SetUpOptions

    @OptionGroup var stateDirectory: StateDirectoryOption

    @Option(
        help: ArgumentHelp("How long to wait for each response: 750ms, 2s. (default: 10s)", valueName: "time"),
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
