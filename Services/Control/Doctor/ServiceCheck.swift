import Contracts
import ServiceKit

/// Whether the services answer, and what they say of themselves.
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
                        service.unit, "it has version \(health.version), and this rivetctl \(rivetVersion)",
                        nextStep: "Restart it, if it was upgraded: systemctl restart \(service.unit)"))
            }
            switch health.status {
            case .ok:
                if let remark = health.detail {
                    findings.append(.warning(service.unit, remark, nextStep: "Do as it says, or leave it so"))
                }
                if findings.isEmpty { findings.append(.ok(service.unit, "it answers, and all is well")) }
            case .degraded, .failing:
                let isFailing = health.status == .failing
                findings.append(
                    Finding(
                        subject: service.unit, level: isFailing ? .failure : .warning,
                        text: "it is \(health.status.rawValue): \(health.detail ?? "it does not say why")",
                        nextStep: isFailing
                            ? "Correct what it names: only memory holds what is written"
                            : "Correct what it names",
                        exitCode: isFailing ? ExitCodes.unreachable : ExitCodes.failed))
            }
            return findings
        }
    }
}
