import Contracts
import FoundationEssentials
import Glibc
import ServiceKit

/// All checks, in the order in which what they find is told: causes before what comes of them.
struct Doctor {
    var setUp: SetUp
    /// For each answer from elsewhere.
    var timeout: Duration

    func findings() async -> [Finding] {
        // All that follows shows the directories, and what stands there may be a secret in the wrong place.
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
        // Alone on the disk, as far as it is up to this program.
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

    /// Where the settings come from, and whether they are understood.
    private func settings() async -> [Finding] {
        do throws(CommandFailure) { try setUp.requireFile() } catch {
            guard error.takesRoot else { return [.failure("settings", error)] }
            return [.skipped("settings", error.cause, nextStep: error.nextStep ?? "Use sudo")]
        }
        var findings = [Finding.ok("settings", "they are those of \(setUp.source)")]
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
            "settings", "\(path) has secrets in it and everybody may read it", nextStep: "chmod o-rwx \(path)")
    }
}

/// The settings of the services: each has credentials of its own.
struct DoctorSettings {
    /// Without the credentials of the store.
    var all: Settings
    /// The settings file, if it could be read.
    var file: String?
    private var secrets: [RivetService: SetUp.Secrets] = [:]

    init(all: Settings, file: String? = nil) { (self.all, self.file) = (all, file) }

    init(_ setUp: SetUp) async {
        all = setUp.settings
        if case .read(let path) = setUp.file { file = path }
        for service in RivetService.allCases { secrets[service] = await setUp.secrets(of: service) }
    }

    /// With the credentials of `service`, as far as this user may read them.
    func of(_ service: RivetService) -> Settings {
        let found = secrets[service]?.found ?? [:]
        return found.isEmpty ? all : all.with(found)
    }
}
