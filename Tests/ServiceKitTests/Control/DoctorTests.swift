import Contracts
import Foundation
import Glibc
import ServiceKit
import TestSupport
import Testing

@testable import Control

@Suite struct DoctorTests {
    // MARK: Clock

    private func reading(_ place: String, _ ahead: Duration) -> ClockCheck.Reading {
        .init(place: place, ahead: ahead, precision: .seconds(1))
    }

    @Test func `A clock that agrees: ok`() {
        let findings = ClockCheck(readings: [reading("Telegram", .seconds(6)), reading("neon", .seconds(-6))])
            .findings()
        #expect(findings == [.ok("clock", "it agrees with Telegram, neon")])
    }

    @Test func `A clock that is wrong: reported with its direction`() throws {
        let behind = try #require(ClockCheck(readings: [reading("Telegram", .seconds(3_725))]).findings().first)
        #expect(behind.text == "it is 1h 2m behind that of Telegram" && behind.level == .warning)
        #expect(behind.nextStep?.contains("set-ntp") == true)
        let ahead = ClockCheck(readings: [reading("Telegram", .zero), reading("neon", .seconds(-90))]).findings()
        #expect(ahead.map(\.text) == ["it is 1m 30s ahead of that of neon"])
        // If others agree, the wrong clock is the other host's.
        #expect(ahead.first?.nextStep?.contains("set-ntp") == false)
        #expect(ClockCheck(readings: []).findings().first?.level == .skipped)
    }

    // MARK: Units

    private let well = """
        Id=rivet-state.service
        LoadState=loaded
        ActiveState=active
        SubState=running
        Result=success
        NRestarts=0
        NeedDaemonReload=no
        StatusText=sqlite up; a=b

        Id=rivet-state.socket
        LoadState=loaded
        ActiveState=active
        SubState=running
        Result=success

        """

    @Test func `Active units: ok`() {
        #expect(UnitCheck.findings(in: well) == [.ok("units", "2 are active")])
    }

    @Test func `Units that are not installed: no trouble`() {
        let none = "Id=rivet-state.service\nLoadState=not-found\nActiveState=inactive\n"
        #expect(UnitCheck.findings(in: none).map(\.level) == [.ok])
    }

    @Test func `A unit that fails: reported with the next step`() {
        let failed = well.replacing(
            "ActiveState=active\nSubState=running\nResult=success\nNRestarts=0",
            with: "ActiveState=failed\nSubState=failed\nResult=watchdog\nNRestarts=0")
        let findings = UnitCheck.findings(in: failed)
        #expect(findings.map(\.text) == ["it is failed (failed), its last result: watchdog"])
        #expect(findings.first?.exitCode == ExitCodes.unreachable && findings.first?.subject == "rivet-state.service")
        #expect(findings.first?.nextStep?.contains("journalctl -u rivet-state.service") == true)
    }

    @Test func `A unit that was restarted or changed: reported as a warning`() {
        let restarted = well.replacing("NRestarts=0", with: "NRestarts=3")
            .replacing("NeedDaemonReload=no", with: "NeedDaemonReload=yes")
        let findings = UnitCheck.findings(in: restarted)
        #expect(findings.map(\.level) == [.warning, .warning])
        #expect(findings[0].text.contains("3 times") && findings[1].nextStep == "systemctl daemon-reload")
    }

    private func unit(_ network: String, name: String = "rivet-state.service") -> String {
        "Id=\(name)\nLoadState=loaded\nActiveState=active\nSubState=running\n\(network)\n"
    }

    @Test(arguments: [
        "PrivateNetwork=yes\nRestrictAddressFamilies=AF_UNIX\nIPAddressDeny=::/0 0.0.0.0/0\nIPAddressAllow=",
        "PrivateNetwork=yes", "PrivateNetwork=no\nRestrictAddressFamilies=AF_UNIX",
        "RestrictAddressFamilies=~AF_INET AF_INET6",
        "PrivateNetwork=no\nRestrictAddressFamilies=AF_INET AF_UNIX\nIPAddressDeny=::/0 0.0.0.0/0\nIPAddressAllow=",
    ])
    func `A unit without a network: reported with the command if it has a database to reach`(_ network: String) throws {
        let findings = UnitCheck.findings(in: unit(network), tiers: ["neon", "railway"])
        let finding = try #require(findings.first)
        #expect(findings.count == 1 && finding.level == .failure && finding.subject == "rivet-state.service")
        #expect(finding.text.contains("neon, railway are reached: remote-tiers.conf is not linked"))
        #expect(
            finding.nextStep == "install -d /etc/systemd/system/rivet-state.service.d && ln -sf "
                + "/usr/share/rivet/remote-tiers.conf /etc/systemd/system/rivet-state.service.d/ && systemctl "
                + "daemon-reload && systemctl restart rivet-state.service")
        #expect(UnitCheck.findings(in: unit(network)).map(\.level) == [.ok])
        let socket = unit(network, name: "rivet-state.socket")
        #expect(UnitCheck.findings(in: socket, tiers: ["neon"]).map(\.level) == [.ok])
    }

    @Test(arguments: [
        "PrivateNetwork=no\nRestrictAddressFamilies=AF_INET6 AF_INET AF_UNIX\nIPAddressDeny=",
        "PrivateNetwork=no\nRestrictAddressFamilies=\nIPAddressDeny=::/0 0.0.0.0/0\nIPAddressAllow=10.0.0.0/8",
        "RestrictAddressFamilies=~AF_PACKET",
    ])
    func `A unit with a network: ok`(_ network: String) {
        #expect(UnitCheck.findings(in: unit(network), tiers: ["neon"]).map(\.level) == [.ok])
    }

    // MARK: Settings

    private func check(_ variables: [String: String]) -> [Finding] {
        SettingsCheck(settings: DoctorSettings(all: Settings(variables: variables))).findings()
    }

    @Test func `An unknown setting: reported with the one that was probably meant`() {
        let findings = check(["RIVET_ALOWED_USERS": "1", "RIVET_XYZ_ABC_DEF": "2", "OTHER": "3"])
        #expect(findings.map(\.level) == [.warning, .warning])
        #expect(
            findings[0].text.hasPrefix("RIVET_ALOWED_USERS ")
                && findings[0].nextStep == "Do you mean RIVET_ALLOWED_USERS?")
        #expect(findings[1].nextStep == "Remove it")
    }

    @Test(arguments: [
        ("RIVET_LOG_LEVEL", "loud"), ("RIVET_CONVERSATION_TTL", "5"), ("RIVET_SWEEP_INTERVAL", "x"),
        ("RIVET_ALLOWED_USERS", "ada"), ("RIVET_SEND_LIMITS", "some"), ("RIVET_DURABILITY", "both"),
        ("RIVET_REMOTE_DEADLINE", "1"), ("RIVET_MEMORY_LIMIT", "64"), ("RIVET_HOST_NUMBER", "64"),
        ("NEON_DATABASE_URL", "nonsense-hush"),
    ])
    func `A wrong setting: reported by its name`(_ name: String, _ value: String) throws {
        let findings = check([name: value])
        let finding = try #require(findings.first)
        #expect(findings.count == 1 && finding.level == .failure && finding.exitCode == 78)
        #expect(finding.text.contains(name) && !finding.text.contains("hush"))
    }

    @Test(arguments: [
        ("export TELEGRAM_BOT_TOKEN=1:hush", "journal", "Remove the word"),
        ("TELEGRAM_BOT_TOKEN: 1:hush", "ignores", "\"#\""),
        ("TELEGRAM BOT TOKEN=1:hush", "journal", "change the secret"),
        ("# \\\nTELEGRAM_BOT_TOKEN=1:hush", "253", "backslash"),
        ("TELEGRAM_BOT_TOKEN='1:hush", "not closed", "Close the quote"),
    ])
    func `A line that systemd reads otherwise than it looks: warned of by number, never quoted`(
        _ line: String, _ text: String, _ nextStep: String
    ) throws {
        let directory = try TestDirectory()
        try directory.write("RIVET_LOG_LEVEL=info\r\n" + line, to: "rivet.env")
        let path = directory.path + "/rivet.env"
        let findings = SettingsCheck(settings: DoctorSettings(all: Settings(variables: [:]), file: path)).findings()
        let finding = try #require(findings.first)
        #expect(findings.count == 1 && finding.level == .warning && finding.text.hasPrefix("\(path), line 2: "))
        #expect(finding.text.contains(text) && finding.nextStep?.contains(nextStep) == true, "\(finding)")
        #expect(!"\(finding)".contains("hush"))
    }

    @Test func `A secret that others may read: reported`() throws {
        let directory = try TestDirectory()
        #expect(CredentialCheck(directory: directory.path + "/none").findings() == [])
        for (name, text, mode) in [
            ("rivet.a", "x", 0o644), ("rivet.b", "", 0o600), ("rivet.c", "x", 0o600), ("other", "", 0o666),
        ]
            as [(String, String, mode_t)]
        {
            try directory.write(text, to: name)
            chmod("\(directory.path)/\(name)", mode)
        }
        let findings = CredentialCheck(directory: directory.path).findings()
        #expect(findings.map(\.level) == [.warning, .failure])
        #expect(
            findings[0].nextStep == "chmod 600 \(directory.path)/rivet.a"
                && findings[1].text.contains("rivet.b is empty"))
    }

    // MARK: Disk

    @Test func `A directory in memory: reported`() throws {
        let findings = DiskCheck.space("/dev/shm")
        #expect(findings.contains { $0.text.contains("in memory, not on a disk") && $0.level == .failure })
        let directory = try TestDirectory()
        #expect(!DiskCheck.space(directory.path).contains { $0.text.contains("in memory") })
    }

    // MARK: Listing

    @Test func `The exit code: that of the worst finding`() {
        func code(_ findings: Finding...) -> Int32 { DoctorListing(findings: findings).exitCode }
        let (ok, warning) = (Finding.ok("a", "b"), Finding.warning("a", "b", nextStep: "c"))
        let away = Finding.failure("a", "b", nextStep: "c", exitCode: ExitCodes.unreachable)
        let wrong = Finding.failure("a", "b", nextStep: "c", exitCode: ExitCodes.configuration)
        #expect(code() == 0 && code(ok) == 0 && code(ok, warning) == 1 && code(away, warning) == 2)
        #expect(code(wrong, away, warning, ok) == 78)
    }

    @Test func `Every finding: has a line, and a next step unless it is ok`() {
        let listing = DoctorListing(findings: [
            .ok("token", "Telegram accepts it"), .warning("neon", "slow\u{1B}[31m", nextStep: "wait"),
            .failure("disk", "full", nextStep: "make room"),
        ])
        #expect(
            listing.lines == [
                "ok       token  Telegram accepts it", "WARNING  neon   slow\\u{1B}[31m", "                -> wait",
                "FAILURE  disk   full", "                -> make room", "",
                "1 thing does not work, 1 should be corrected",
            ])
        #expect(listing.json["findings"]?.arrayValue?.count == 3 && listing.json["exit_code"] == 1)
        #expect(DoctorListing(findings: [.ok("a", "b")]).lines.last == "all is well")
    }

    @Test func `A check that was skipped: counted, and no reason to fail`() {
        let skipped = Finding.skipped("token", "it takes root", nextStep: "Use sudo")
        let listing = DoctorListing(findings: [.ok("a", "b"), skipped])
        #expect(listing.exitCode == ExitCodes.done)
        #expect(
            listing.lines.suffix(4) == [
                "skipped  token  not looked at: it takes root", "                -> Use sudo", "",
                "all that was looked at is well; 1 was not looked at",
            ])
        #expect(listing.json["findings"]?.arrayValue?[1]["level"] == "skipped")
        let warned = DoctorListing(findings: [skipped, skipped, .warning("a", "b", nextStep: "c")])
        #expect(warned.lines.last == "0 things do not work, 1 should be corrected; 2 were not looked at")
    }

    @Test func `A service that this user may not call: skipped`() {
        let forbidden = ServiceCaller.failure(
            of: .state, path: "/run/rivet/state.sock", .permissionDenied, group: "rivet")
        let finding = ServiceCheck.findings(.state, .failure(forbidden))[0]
        #expect(finding.level == .skipped && finding.nextStep?.contains("use sudo") == true)
        let away = ServiceCaller.failure(of: .state, path: "/run/rivet/state.sock", .noFile, group: nil)
        #expect(ServiceCheck.findings(.state, .failure(away))[0].level == .failure)
    }
}
