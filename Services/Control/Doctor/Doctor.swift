import Foundation
import Glibc
import ServiceKit

/// All checks, in the order in which what they find is told: causes before what comes of them.
struct Doctor {
    static let installedFile = "/etc/rivet/rivet.env"

    var base: Settings
    var envFile: String?
    var runtimeDirectory: String?
    var stateDirectory: String?
    /// For each answer from elsewhere.
    var timeout: Duration

    func findings() async -> [Finding] {
        let (settings, ofSource) = readSettings()
        async let telegram = TelegramCheck(settings: settings.of(.gateway), timeout: timeout).findings()
        async let databases = DatabaseCheck(settings: settings.of(.state), timeout: timeout).findings()
        async let services = ServiceCheck(settings: settings.all, timeout: min(timeout, .seconds(2))).findings()
        let ofSettings = SettingsCheck(settings: settings).findings()
        // Alone on the disk, as far as it is up to this program.
        let (ofTelegram, ofDatabases, ofServices) = (await telegram, await databases, await services)
        let clock = ClockCheck(readings: ofTelegram.readings + ofDatabases.readings).findings()
        return ofSource + ofSettings + CredentialCheck().findings() + ofTelegram.findings + ofDatabases.findings
            + DiskCheck(settings: settings.all).findings() + SocketCheck(settings: settings.all).findings() + ofServices
            + clock + UnitCheck().findings()
    }

    /// The settings as the services have them.
    private func readSettings() -> (DoctorSettings, [Finding]) {
        let path =
            envFile ?? base.string(Settings.fileVariable)
            ?? (access(Self.installedFile, F_OK) == 0 ? Self.installedFile : nil)
        guard let path else {
            return (DoctorSettings(all: base), [.ok("settings", "they are those of the environment")])
        }
        do throws(ConfigurationError) {
            let all = try base.reading(path).with(said)
            var findings = [Finding.ok("settings", "they are those of \(path) and the environment")]
            if let finding = Self.openToAll(path) { findings.append(finding) }
            return (DoctorSettings(all: all), findings)
        } catch {
            let isHidden = access(path, R_OK) != 0 && errno == EACCES
            return (
                DoctorSettings(all: base),
                [
                    .failure(
                        "settings", isHidden ? "\(path): permission denied" : "\(error)",
                        nextStep: isHidden ? "Use sudo: it may have secrets in it" : "Mend it, and run this again",
                        exitCode: isHidden ? ExitCodes.failed : ExitCodes.configuration)
                ]
            )
        }
    }

    /// What the command line says goes over the file, too.
    private var said: [String: String] {
        var said: [String: String] = [:]
        said["RIVET_RUNTIME_DIR"] = runtimeDirectory
        said["RIVET_STATE_DIR"] = stateDirectory
        return said
    }

    static func openToAll(_ path: String) -> Finding? {
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & 0o004 != 0,
            let text = try? String(contentsOf: URL(filePath: path), encoding: .utf8),
            text.split(separator: "\n").contains(where: { line in
                !line.hasPrefix("#") && (line.contains("TELEGRAM_BOT_TOKEN=") || line.contains("_DATABASE_URL="))
            })
        else { return nil }
        return .warning(
            "settings", "\(path) has secrets in it and everybody may read it", nextStep: "chmod o-rwx \(path)")
    }
}

/// The settings of the services: each has credentials of its own.
struct DoctorSettings {
    /// Without credentials, unless this program has some.
    var all: Settings

    /// With the credentials that systemd gave to a service that runs, where this user may read them.
    func of(_ service: RivetService) -> Settings {
        let directory = "/run/credentials/\(service.unit).service"
        guard all.string("CREDENTIALS_DIRECTORY") == nil, access(directory, R_OK | X_OK) == 0 else { return all }
        return all.with(["CREDENTIALS_DIRECTORY": directory])
    }
}
