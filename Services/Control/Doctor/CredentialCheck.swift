import FoundationEssentials
import Glibc
import ServiceKit

/// Checks that only root can read the secrets that systemd passes to the services, and that none is empty.
struct CredentialCheck {
    /// The directory in which systemd looks for credentials that a unit names without a path.
    var directory = "/etc/credstore"

    func findings() -> [Finding] {
        let names = ((try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []).sorted()
        let findings = names.filter { $0.hasPrefix("rivet.") }.flatMap { ofFile("\(directory)/\($0)") }
        let troubles = findings.filter { $0.level != .ok }
        if !troubles.isEmpty || findings.isEmpty { return troubles }
        return [.ok("credentials", "\(findings.count) in \(directory), which only root can read")]
    }

    private func ofFile(_ path: String) -> [Finding] {
        var status = stat()
        // This user cannot even see the file, so it is well protected.
        guard stat(path, &status) == 0 else { return [] }
        if status.st_mode & 0o077 != 0 {
            return [
                .warning(
                    "credentials",
                    "users other than root may use \(path) (mode \(String(status.st_mode & 0o777, radix: 8)))",
                    nextStep: "chmod 600 \(path)")
            ]
        }
        if status.st_size == 0 {
            return [
                .failure(
                    "credentials", "\(path) is empty", nextStep: "Put the secret into it, or remove it",
                    exitCode: ExitCodes.configuration)
            ]
        }
        return [.ok("credentials", path)]
    }
}
