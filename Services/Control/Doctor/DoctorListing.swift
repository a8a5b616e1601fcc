import Contracts

/// The findings, for a person and for a program.
struct DoctorListing {
    var findings: [Finding]

    /// The highest code. A wrong setting (78) outranks its effects.
    var exitCode: Int32 { findings.map(\.exitCode).max() ?? ExitCodes.done }

    /// A line for each finding, with the next step under it; then a summary.
    var lines: [String] {
        let width = findings.map(\.subject.count).max() ?? 0
        var lines: [String] = []
        for finding in findings {
            let subject = finding.subject + String(repeating: " ", count: width - finding.subject.count)
            lines.append(TerminalText.escaped("\(Self.word(finding.level))  \(subject)  \(finding.text)"))
            if let nextStep = finding.nextStep {
                lines.append(TerminalText.escaped(String(repeating: " ", count: width + 11) + "-> " + nextStep))
            }
        }
        return lines + ["", summary]
    }

    var json: JSONValue { ["findings": .array(findings.map(\.json)), "exit_code": .integer(Int64(exitCode))] }

    private var summary: String {
        let (failures, warnings) = (count(.failure), count(.warning))
        let skipped = count(.skipped)
        let unseen = skipped == 0 ? "" : "; \(skipped) \(skipped == 1 ? "was" : "were") not looked at"
        guard failures + warnings > 0 else {
            return skipped == 0 ? "all is well" : "all that was looked at is well\(unseen)"
        }
        return
            "\(failures) \(failures == 1 ? "thing does" : "things do") not work, \(warnings) should be corrected"
            + unseen
    }

    private func count(_ level: Finding.Level) -> Int { findings.count { $0.level == level } }

    /// The level as a word, padded to the longest one.
    private static func word(_ level: Finding.Level) -> String {
        switch level {
        case .ok: "ok     "
        case .skipped: "skipped"
        case .warning: "WARNING"
        case .failure: "FAILURE"
        }
    }
}
