import FoundationEssentials
import Glibc
import ServiceKit

/// All checks, in the order in which what they find is told: causes before what comes of them.
struct Doctor {
    var setUp: SetUp
    /// For each answer from elsewhere.
    var timeout: Duration

    func findings() async -> [Finding] {
        let (settings, ofSource) = (DoctorSettings(setUp), source())
        async let telegram = TelegramCheck(settings: settings.of(.gateway), timeout: timeout).findings()
        async let databases = DatabaseCheck(settings: settings.of(.state), timeout: timeout).findings()
        async let services = ServiceCheck(settings: settings.all, timeout: min(timeout, .seconds(2))).findings()
        let ofSettings =
            SettingsCheck(settings: settings).findings() + DatabaseURLCheck(settings: settings.of(.state)).findings()
        // Alone on the disk, as far as it is up to this program.
        let (ofTelegram, ofDatabases, ofServices) = (await telegram, await databases, await services)
        let clock = ClockCheck(readings: ofTelegram.readings + ofDatabases.readings).findings()
        return ofSource + ofSettings + CredentialCheck().findings() + ofTelegram.findings + ofDatabases.findings
            + DiskCheck(settings: settings.all).findings() + SocketCheck(settings: settings.all).findings() + ofServices
            + clock + (await UnitCheck().findings())
    }

    /// Where the settings come from.
    private func source() -> [Finding] {
        switch setUp.file {
        case .none: return [.ok("settings", "they are those of \(setUp.source(of: .state))")]
        case .read(let path):
            return [.ok("settings", "they are those of \(path) and the environment")]
                + [Self.openToAll(path)].compactMap(\.self)
        case .hidden, .wrong:
            do throws(CommandFailure) {
                try setUp.requireFile()
                return []
            } catch { return [.failure("settings", error)] }
        }
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
    /// Without the credentials of the store.
    var all: Settings
    private var setUp: SetUp?

    init(all: Settings) { self.all = all }

    init(_ setUp: SetUp) {
        all = setUp.settings
        self.setUp = setUp
    }

    /// With the credentials of `service`, as far as this user may read them.
    func of(_ service: RivetService) -> Settings {
        let found = setUp?.secrets(of: service).found ?? [:]
        return found.isEmpty ? all : all.with(found)
    }
}
