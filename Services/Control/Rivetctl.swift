import ArgumentParser
import Foundation
import ServiceKit

/// The root of the command line: it only has subcommands.
struct Rivetctl: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rivetctl",
        abstract: "Looks after the Rivet services on this host.",
        discussion: """
            Sockets are found by --runtime-dir, else RIVET_RUNTIME_DIR, else RUNTIME_DIRECTORY; databases by --state-dir,
            else RIVET_STATE_DIR, else STATE_DIRECTORY. Else both are in .rivet if there is one, else where systemd has
            them: /run/rivet, /var/lib/rivet-state and /var/lib/rivet-library.

            \(ExitCodes.help)
            """,
        version: rivetVersion,
        subcommands: [
            HealthCommand.self, DoctorCommand.self, TiersCommand.self, VerifyCommand.self, PullCommand.self,
            MigrateCommand.self,
            ImportLegacyCommand.self, ShowCommand.self, SweepCommand.self, LogsCommand.self,
        ])
}

/// Runs the command, and makes of every failure one line and an exit code.
@main
enum Main {
    static func main() async {
        Output.reserveDescriptors()
        // A reader that closed the pipe has read what it wanted.
        signal(SIGPIPE, SIG_IGN)
        do {
            var command = try Rivetctl.parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch let failure as CommandFailure {
            Output.error(failure.line)
            exit(failure.exitCode)
        } catch {
            Rivetctl.exit(withError: error)
        }
    }
}
