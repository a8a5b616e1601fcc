import ArgumentParser
import Glibc
import ServiceKit

/// The root command. It has only subcommands.
struct Rivetctl: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rivetctl",
        abstract: "Looks after the Rivet services on this host.",
        discussion: """
            A command works on the services that systemd runs. It reads their settings as they do: \
            /etc/rivet/rivet.env wins over the environment, and credentials win over both: those of a running service, \
            or those in /etc/credstore. Only root may read them.

            A command works on services in other directories if --runtime-dir, RIVET_RUNTIME_DIR or RIVET_STATE_DIR \
            names one, or if there is a .rivet here (make run). Their settings are the environment and the file that \
            --env-file or RIVET_ENV_FILE names.

            With --json the output is one JSON object, and so is a failure: {"error", "next_step"}. Revisions in it \
            are strings: they are larger than the numbers that JavaScript and jq 1.6 keep exactly.

            \(ExitCodes.help)
            """,
        version: rivetVersion,
        subcommands: [
            HealthCommand.self, DoctorCommand.self, MetricsCommand.self, TiersCommand.self, VerifyCommand.self,
            PullCommand.self, AcceptCommand.self, RejectCommand.self, BackupCommand.self, RestoreCommand.self,
            MigrateCommand.self, AcknowledgeCommand.self,
            ImportLegacyCommand.self, ShowCommand.self, SweepCommand.self, WebhookCommand.self, LogsCommand.self,
        ])
}

/// Runs the command, and turns every failure into one line and an exit code.
@main
enum Main {
    static func main() async {
        Output.reserveDescriptors()
        // A reader that closes the pipe has read what it wanted.
        signal(SIGPIPE, SIG_IGN)
        var isJSON = false
        do {
            var command = try Rivetctl.parseAsRoot()
            isJSON = (command as? any JSONCommand)?.json == true
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch let failure as CommandFailure {
            exit(Output.report(failure, asJSON: isJSON))
        } catch {
            Rivetctl.exit(withError: error)
        }
    }
}
