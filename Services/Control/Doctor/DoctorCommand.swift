import ArgumentParser
import Contracts
import Foundation
import ServiceKit

/// Looks at everything that Rivet needs, and says what is wrong and what to do.
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Checks settings, token, databases, disk, sockets, clock and units; says what to mend and how.",
        discussion: """
            Looks at what the services are set to: the environment, the file of their settings (--env-file, else \
            RIVET_ENV_FILE, else /etc/rivet/rivet.env if there is one) and their credentials, which only root can read. \
            Asks Telegram for the bot's name and changes nothing, but for a small file that is written to the directory of \
            the databases, synced and removed again.

            EXIT CODES
              0   all is well
              1   something should be mended
              2   a service, a database or Telegram does not answer
              64  the command line is wrong
              74  the answer could not be written
              78  a setting is wrong
            """)

    @OptionGroup var runtimeDirectory: RuntimeDirectoryOption

    @Option(
        name: .customLong("state-dir"),
        help: ArgumentHelp("The directory of the databases, instead of RIVET_STATE_DIR.", valueName: "path"),
        completion: .directory)
    var stateDirectory: String?

    @Option(
        name: .customLong("env-file"),
        help: ArgumentHelp("The file of the services' settings, instead of RIVET_ENV_FILE.", valueName: "path"),
        completion: .file())
    var envFile: String?

    @Option(
        help: ArgumentHelp("How long to wait for each answer from elsewhere: 2s. (default: 10s)", valueName: "time"),
        transform: TimeLimit.parse)
    var timeout: TimeLimit?

    @Flag(help: "Print one JSON object: {\"findings\": [{subject, level, finding, next_step}, ...], \"exit_code\"}.")
    var json = false

    func run() async throws {
        let doctor = Doctor(
            base: .forCommand(runtimeDirectory: runtimeDirectory.path, stateDirectory: stateDirectory),
            envFile: envFile, runtimeDirectory: runtimeDirectory.path, stateDirectory: stateDirectory,
            timeout: timeout?.duration ?? .seconds(10))
        let listing = DoctorListing(findings: await doctor.findings())
        if json { try Output.print(listing.json) } else { try Output.print(listing.lines) }
        if listing.exitCode != ExitCodes.done { throw ExitCode(listing.exitCode) }
    }
}
