import Contracts
import Glibc
import Persistence

/// Checks the units, if systemd runs.
struct UnitCheck {
    static let units =
        RivetService.allCases.map { $0.unit + ".service" } + RivetService.storing.map { $0.unit + ".socket" }
    private static let properties =
        "Id,LoadState,ActiveState,SubState,Result,NRestarts,NeedDaemonReload,StatusText," + UnitNetwork.properties
    private static let patience = Duration.seconds(5)

    var setUp: SetUp

    func findings() async -> [Finding] {
        guard setUp.kind == .installed else { return [.ok("units", "systemd does not run these services")] }
        guard access("/run/systemd/system", F_OK) == 0 else {
            return [.ok("units", "systemd does not run here")]
        }
        guard let text = await Self.ask() else {
            return [.warning("units", "systemctl did not answer", nextStep: "Look yourself: systemctl status 'rivet*'")]
        }
        // ``DatabaseCheck`` reports settings that cannot be read.
        let databases = (try? await TierDatabase.configured(setUp)) ?? []
        return Self.findings(in: text, tiers: databases.filter(\.target.needsNetwork).map(\.name.rawValue))
    }

    /// - Parameters:
    ///   - text: the output of `systemctl show` for several units: `Name=value` lines, an empty line between units.
    ///   - tiers: the PostgreSQL tiers that are reached over a network.
    static func findings(in text: String, tiers: [String] = []) -> [Finding] {
        let all = text.split(separator: "\n\n").map { block in
            Dictionary(
                block.split(separator: "\n").compactMap { line -> (String, String)? in
                    guard let separator = line.firstIndex(of: "=") else { return nil }
                    return (String(line[..<separator]), String(line[line.index(after: separator)...]))
                }, uniquingKeysWith: { first, _ in first })
        }
        let installed = all.filter { $0["LoadState"] != "not-found" }
        if installed.isEmpty { return [.ok("units", "Rivet is not installed as units of systemd")] }
        let found = installed.flatMap { troubles($0) + UnitNetwork.troubles($0, tiers: tiers) }
        return found.isEmpty ? [.ok("units", "\(installed.count) are active")] : found
    }

    private static func troubles(_ unit: [String: String]) -> [Finding] {
        let name = unit["Id"] ?? "a unit"
        var findings: [Finding] = []
        let state = unit["ActiveState"] ?? "unknown"
        let isStarting = unit["SubState"] == "auto-restart" || state == "activating"
        if state != "active", state != "reloading" {
            let reason =
                unit["Result"].flatMap { $0.isEmpty || $0 == "success" ? nil : ", its last result: \($0)" } ?? ""
            findings.append(
                .failure(
                    name, "it is \(state) (\(unit["SubState"] ?? "?"))\(reason)",
                    nextStep: isStarting
                        ? "journalctl -u \(name) says why it does not come up"
                        : "systemctl start \(name); journalctl -u \(name) says why it ended",
                    exitCode: ExitCodes.unreachable))
        }
        if let restarts = unit["NRestarts"].flatMap({ Int($0) }), restarts > 0 {
            findings.append(
                .warning(
                    name, "systemd has restarted it \(restarts) \(restarts == 1 ? "time" : "times")",
                    nextStep: "journalctl -u \(name) says why; systemctl reset-failed \(name) resets the count"))
        }
        if unit["NeedDaemonReload"] == "yes" {
            findings.append(
                .warning(name, "its file was changed and not read since", nextStep: "systemctl daemon-reload"))
        }
        return findings
    }

    /// The properties of the units: `Name=value` lines, with an empty line between units. Nil if systemd does not
    /// answer.
    static func ask() async -> String? {
        let arguments = ["show", "--no-pager", "--property=\(properties)"] + units
        return await ProgramOutput.of("systemctl", arguments, patience: patience)
    }
}
