/// Where the services are that systemd runs, as their units say.
enum InstalledPlaces {
    static let runtimeDirectory = "/run/rivet"
    /// The settings of all three services.
    static let environmentFile = "/etc/rivet/rivet.env"

    /// Each service's databases are its own.
    static func stateDirectory(of service: RivetService) -> String { "/var/lib/\(service.unit)" }
}
