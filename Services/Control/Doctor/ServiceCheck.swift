import Contracts
import ServiceKit

/// Checks whether the services answer, and reports their health.
struct ServiceCheck {
    var answers: [HealthListing.Entry]

    func findings() -> [Finding] { answers.flatMap { service, answer in Self.findings(service, answer) } }

    static func findings(_ service: RivetService, _ answer: HealthListing.Answer) -> [Finding] {
        switch answer {
        case .failure(let failure):
            guard failure.takesRoot else { return [.failure(service.unit, failure)] }
            return [.skipped(service.unit, failure.cause, nextStep: failure.nextStep ?? "Use sudo")]
        case .success(let health):
            var findings: [Finding] = []
            if health.version != rivetVersion {
                findings.append(
                    .warning(
                        service.unit, "it has version \(health.version), and this rivetctl has \(rivetVersion)",
                        nextStep: "If it was upgraded, restart it: systemctl restart \(service.unit)"))
            }
            switch health.status {
            case .ok:
                if let remark = health.detail {
                    findings.append(.warning(service.unit, remark, nextStep: "Do what it says, or leave it as it is"))
                }
                if findings.isEmpty { findings.append(.ok(service.unit, "it answers, and all is well")) }
            case .degraded, .failing:
                let isFailing = health.status == .failing
                findings.append(
                    Finding(
                        subject: service.unit, level: isFailing ? .failure : .warning,
                        text: "it is \(health.status.rawValue): \(health.detail ?? "it does not say why")",
                        nextStep: isFailing
                            ? "Correct what it names: writes are only in memory"
                            : "Correct what it names",
                        exitCode: isFailing ? ExitCodes.unreachable : ExitCodes.failed))
            }
            return findings
        }
    }
}
