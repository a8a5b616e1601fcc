import ArgumentParser
import ServiceKit

/// Which installation a command works on, for every command that calls services or reads their settings.
struct SetUpOptions: ParsableArguments {
    @Option(
        name: .customLong("env-file"),
        help: ArgumentHelp("The file of the services' settings, instead of RIVET_ENV_FILE.", valueName: "path"),
        completion: .file())
    var environmentFile: String?

    @Option(
        name: .customLong("runtime-dir"),
        help: ArgumentHelp("The directory of the sockets, instead of RIVET_RUNTIME_DIR.", valueName: "path"),
        completion: .directory)
    var runtimeDirectory: String?

    func validate() throws {
        if environmentFile == "" { throw ValidationError("--env-file must not be empty") }
        if runtimeDirectory == "" { throw ValidationError("--runtime-dir must not be empty") }
    }

    /// - Parameter stateDirectory: the directory of the databases, if the command line names it.
    func setUp(stateDirectory: String? = nil) -> SetUp {
        SetUp(
            SetUp.Choices(
                environmentFile: environmentFile, runtimeDirectory: runtimeDirectory, stateDirectory: stateDirectory))
    }

    /// A caller of the set-up's services.
    /// - Throws: when a file that was given by name cannot be read.
    var caller: ServiceCaller {
        get throws(CommandFailure) {
            let setUp = setUp()
            try setUp.requireNamedFile()
            return ServiceCaller(settings: setUp.settings)
        }
    }
}

/// The directory of the databases, for every command that opens them.
struct StateDirectoryOption: ParsableArguments {
    @Option(
        name: .customLong("state-dir"),
        help: ArgumentHelp("The directory of the databases, instead of RIVET_STATE_DIR.", valueName: "path"),
        completion: .directory)
    var path: String?

    func validate() throws {
        if path == "" { throw ValidationError("--state-dir must not be empty") }
    }
}
