import Contracts
import FoundationEssentials
import Glibc
import ServiceKit

/// Runs all checks. Their findings are in this order: causes before effects.
struct Doctor {
    var setUp: SetUp
    /// How long to wait for each response from a service, a database or Telegram.
    var timeout: Duration

    func findings() async -> [Finding] {
        // The findings below show the directories. A directory that is not a path may be a misplaced secret.
        guard (try? setUp.settings.checkPaths()) != nil else { return await settings() }
        async let databases = DatabaseCheck(setUp: setUp, timeout: timeout).findings()
        let answers = await ServiceCaller(settings: setUp.settings).health(
            of: RivetService.allCases, deadline: min(timeout, .seconds(2)))
        let telegram = await TelegramCheck(
            setUp: setUp, gatewayAnswers: Self.answers(.gateway, answers), timeout: timeout
        )
        .findings()
        let ofDatabases = await databases
        let clock = ClockCheck(readings: telegram.readings + ofDatabases.readings).findings()
        // Not at the same time as the other checks, so that this program does not slow down its own disk measurement.
        let disk = DiskCheck(settings: setUp.settings).findings()
        let credentials = setUp.kind == .installed ? CredentialCheck().findings() : []
        return await settings() + credentials + telegram.findings + ofDatabases.findings + disk
            + SocketCheck(settings: setUp.settings).findings() + ServiceCheck(answers: answers).findings() + clock
            + (await UnitCheck(setUp: setUp).findings())
    }

    private static func answers(_ service: RivetService, _ answers: [HealthListing.Entry]) -> Bool {
        answers.contains { entry in
            guard case .success = entry.answer else { return false }
            return entry.service == service
        }
    }

    /// Where the settings come from, and whether they are valid.
    private func settings() async -> [Finding] {
        do throws(CommandFailure) { try setUp.requireFile() } catch {
            guard error.takesRoot else { return [.failure("settings", error)] }
            return [.skipped("settings", error.cause, nextStep: error.nextStep ?? "Use sudo")]
        }
        var findings = [Finding.ok("settings", "they come from \(setUp.source)")]
        if case .read(let path) = setUp.file, let finding = Self.openToAll(path) { findings.append(finding) }
        let settings = await DoctorSettings(setUp)
        return findings + SettingsCheck(settings: settings).findings()
            + DatabaseURLCheck(settings: settings.of(.state)).findings()
    }

    static func openToAll(_ path: String) -> Finding? {
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & 0o004 != 0, let file = try? Settings.file(path),
            file.variables.contains(where: { name, value in !value.isEmpty && SettingsCheck.isSecret(name) })
        else { return nil }
        return .warning(
            "settings", "\(path) contains secrets and every user may read it", nextStep: "chmod o-rwx \(path)")
    }
}

/// The settings of the services. Each service has its own credentials.
struct DoctorSettings {
    /// The settings without the credentials of the credential store.
    var all: Settings
    /// The path of the settings file, if it could be read.
    var file: String?
    private var secrets: [RivetService: SetUp.Secrets] = [:]

    init(all: Settings, file: String? = nil) { (self.all, self.file) = (all, file) }

    init(_ setUp: SetUp) async {
        all = setUp.settings
        if case .read(let path) = setUp.file { file = path }
        for service in RivetService.allCases { secrets[service] = await setUp.secrets(of: service) }
    }

    /// The settings with the credentials of `service` that this user may read.
    func of(_ service: RivetService) -> Settings {
        let found = secrets[service]?.found ?? [:]
        return found.isEmpty ? all : all.with(found)
    }
}
