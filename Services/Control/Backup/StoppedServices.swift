import Contracts
import ServiceKit

/// Checks that no service runs and that no call would start one. A service has the databases open, or decides about
/// their content.
enum StoppedServices {
    static let stopCommand = "systemctl stop rivet.target 'rivet-*.service' 'rivet-*.socket'"

    /// - Throws: when something runs.
    static func require(_ settings: Settings) async throws(CommandFailure) {
        let isInstalled = settings.runtimeDirectory == InstalledPlaces.runtimeDirectory
        if isInstalled { try requireInactiveUnits(await UnitCheck.ask()) }
        for service in RivetService.allCases {
            let path = "\(settings.runtimeDirectory)/\(service.socketName).sock"
            let finding = SocketProbe.find(path)
            switch finding {
            case .noFile, .nobodyListens: continue
            case .permissionDenied, .failed:
                throw ServiceCaller.failure(of: service, path: path, finding, group: FileGroup.name(of: path))
            case .listening: throw running("\(service.unit) is running (\(path) answers)", isInstalled: isInstalled)
            }
        }
    }

    /// Checks the units. A unit that is starting, or waits for a restart, is not inactive either.
    ///
    /// - Parameter text: the output of `systemctl show` for them; nil without systemd.
    static func requireInactiveUnits(_ text: String?) throws(CommandFailure) {
        var unit = ""
        for line in (text ?? "").split(separator: "\n") {
            if line.hasPrefix("Id=") { unit = String(line.dropFirst("Id=".count)) }
            guard line.hasPrefix("ActiveState=") else { continue }
            let state = line.dropFirst("ActiveState=".count)
            guard state == "inactive" || state == "failed" else {
                throw running("\(unit) is \(state)", isInstalled: true)
            }
        }
    }

    private static func running(_ cause: String, isInstalled: Bool) -> CommandFailure {
        CommandFailure(
            cause, nextStep: isInstalled ? "Stop all of Rivet first: \(stopCommand)" : "Stop all services first")
    }
}
