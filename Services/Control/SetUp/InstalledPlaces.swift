import ServiceKit

/// Where the services are that systemd runs, as their units say.
enum InstalledPlaces {
    static let runtimeDirectory = "/run/rivet"
    /// The settings of all three services.
    static let environmentFile = "/etc/rivet/rivet.env"

    /// Each service's databases are its own.
    static func stateDirectory(of service: RivetService) -> String { "/var/lib/\(service.unit)" }

    /// Where a service notes what only its memory holds.
    static func journalDirectory(of service: RivetService) -> String { "/run/\(service.unit)" }
}

extension Settings {
    /// Whether they lead to the databases of the services that systemd runs, each of which has a directory of its own.
    var isOfInstalledServices: Bool {
        runtimeDirectory == InstalledPlaces.runtimeDirectory
            && ["RIVET_STATE_DIR", "STATE_DIRECTORY"].allSatisfy { string($0) == nil }
    }
}
