import ServiceKit

/// The paths of the services that systemd runs, as in their units.
enum InstalledPlaces {
    static let runtimeDirectory = "/run/rivet"
    /// The settings of all three services.
    static let environmentFile = "/etc/rivet/rivet.env"

    /// The directory of a service's databases. Each service has its own.
    static func stateDirectory(of service: RivetService) -> String { "/var/lib/\(service.unit)" }

    /// The directory of a service's spill file.
    static func journalDirectory(of service: RivetService) -> String { "/run/\(service.unit)" }
}

extension Settings {
    /// Whether they name the databases of the services that systemd runs. Each of these services has its own directory.
    var isOfInstalledServices: Bool {
        runtimeDirectory == InstalledPlaces.runtimeDirectory
            && ["RIVET_STATE_DIR", "STATE_DIRECTORY"].allSatisfy { string($0) == nil }
    }
}
