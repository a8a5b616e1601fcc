import Contracts
import Testing

@testable import Control

@Suite struct HealthListingTests {
    private let now = Timestamp(milliseconds: 3_600_000)

    private func health(
        _ status: ServiceHealth.Status, tiers: [ServiceHealth.Tier] = [], detail: String? = nil
    ) -> HealthListing.Answer {
        .success(
            ServiceHealth.Output(
                service: "rivet-state", version: "0.1.0", startedAt: Timestamp(milliseconds: 0), status: status,
                tiers: tiers, detail: detail))
    }

    private func listing(_ state: HealthListing.Answer, _ library: HealthListing.Answer) -> HealthListing {
        HealthListing(answers: [(.state, state), (.library, library)], now: now)
    }

    @Test func `The listing for people: a table, the tiers and the causes of trouble`() {
        let tiers = [
            ServiceHealth.Tier(
                name: .neon, kind: "postgresql", state: .down, pending: 12, oldestPendingAge: 75,
                lastError: "refused\u{1B}[2J"),
            ServiceHealth.Tier(name: .sqlite, kind: "sqlite", state: .up, latencyMilliseconds: 1.25),
        ]
        let away = CommandFailure("rivet-library does not answer", nextStep: "Is it running?", exitCode: 2)
        let lines = listing(health(.degraded, tiers: tiers, detail: "neon is away"), .failure(away)).lines
        #expect(
            lines == [
                "SERVICE        STATUS    VERSION  UP SINCE                 UPTIME",
                "rivet-state    degraded  0.1.0    1970-01-01 00:00:00 UTC  1h",
                "rivet-library  away      -        -                        -",
                "",
                "SERVICE      TIER    STATE  PENDING  OLDEST  LAST WRITE",
                "rivet-state  neon    down        12  1m 15s           -",
                "rivet-state  sqlite  up           0       -     1.25 ms",
                "",
                "rivet-state: neon is away",
                "rivet-state: neon: refused\\u{1B}[2J",
                "rivet-library does not answer",
                "  Is it running?",
            ])
        #expect(lines.allSatisfy { $0.count <= 80 })
    }

    @Test func `An error: shown once`() {
        let tier = ServiceHealth.Tier(name: .sqlite, kind: "sqlite", state: .down, lastError: "disk full")
        let lines = listing(health(.failing, tiers: [tier], detail: "memory only: disk full"), health(.ok)).lines
        #expect(lines.filter { $0.contains("disk full") } == ["rivet-state: memory only: disk full"])
    }

    @Test func `A listing without tiers and trouble: one table`() {
        #expect(listing(health(.ok), health(.ok)).lines.count == 3)
    }

    @Test func `The listing for programs: one object`() {
        let away = CommandFailure("rivet-library does not answer", nextStep: "Is it running?", exitCode: 2)
        let json = listing(health(.ok), .failure(away)).json
        #expect(json["services"]?["rivet-state"]?["status"] == "ok")
        #expect(
            json["services"]?["rivet-library"]
                == ["error": "rivet-library does not answer", "next_step": "Is it running?"])
    }

    @Test func `A service that this user may not call: not shown as away`() {
        let forbidden = ServiceCaller.failure(
            of: .state, path: "/run/rivet/state.sock", .permissionDenied, group: "rivet")
        let listing = listing(.failure(forbidden), health(.ok))
        #expect(listing.lines[1].hasPrefix("rivet-state    not asked  "))
        #expect(listing.lines.contains { $0.contains("use sudo") } && listing.exitCode == 2)
    }

    @Test func `The exit code: that of the worst service`() {
        let away = HealthListing.Answer.failure(CommandFailure("away"))
        #expect(listing(health(.ok), health(.ok)).exitCode == 0)
        #expect(listing(health(.degraded), health(.ok)).exitCode == 1)
        #expect(listing(health(.degraded), health(.failing)).exitCode == 2)
        #expect(listing(health(.ok), away).exitCode == 2)
        #expect(ExitCodes.ofHealths([]) == 0)
    }
}

@Suite struct ConversationListingTests {
    private let now = Timestamp(milliseconds: 120_000)
    private let key = ConversationKey(userID: "42", chatID: "-7:1")

    @Test func `Known fields: in the order in which they are asked`() {
        let state = Conversation(
            step: "notes",
            data: [
                "nickname": "Pump\u{202E}", "zz\u{7}": ["deep": "\u{9B}"], "serial_number": nil, "manufacturer": "A\nB",
            ], revision: Revision(rawValue: 9), updateID: 77, startedAt: Timestamp(milliseconds: 0),
            updatedAt: Timestamp(milliseconds: 60_000), expiresAt: Timestamp(milliseconds: 180_000),
            storedIn: [.sqlite, .memory])
        #expect(
            ConversationListing(key: key, state: state, now: now).lines == [
                "add_machine of user 42 in chat -7:1",
                "  Awaits        notes",
                "  Nickname      Pump\\u{202E}",
                "  Manufacturer  A\\nB",
                "  Serial        (skipped)",
                "  Besides       zz\\u{7} (see --json)",
                "  Started       1970-01-01 00:00:00 UTC (2m ago)",
                "  Updated       1970-01-01 00:01:00 UTC (1m ago)",
                "  Expires       1970-01-01 00:03:00 UTC (in 1m)",
                "  Revision      9",
                "  Last update   77",
                "  Stored in     sqlite, memory",
            ])
    }

    @Test func `An unknown user: reported as such, to people and to programs`() {
        let unknown = ConversationListing(key: key, state: nil, knowledge: .unknown, now: now)
        #expect(
            unknown.lines[0].hasSuffix(
                "; user 42 is not known: no machine, and no open conversation in the private chat"))
        #expect(unknown.json == ["state": .null, "user_known": false])
        let away = CommandFailure("rivet-library does not answer")
        let uncertain = ConversationListing(key: key, state: nil, knowledge: .uncertain(away), now: now)
        #expect(
            uncertain.lines[0].hasSuffix("; cannot tell whether the user is known: rivet-library does not answer"))
        #expect(uncertain.json == ["state": .null, "user_known": .null])
    }

    @Test func `A conversation that is not open: reported as such`() {
        #expect(
            ConversationListing(key: key, state: nil, now: now).lines == [
                "no open conversation: add_machine of user 42 in chat -7:1"
            ])
    }
}

@Suite struct MachineListingTests {
    @Test func `The listing of a machine: shows every field`() {
        let machine = Machine(
            id: "9b5227ba-1bfd-42b7-b8c1-3bdfa5982030", userID: "42",
            details: MachineDetails(
                nickname: "Pump\u{1B}", texts: [.manufacturer: "Grundfos", .notes: "a\nb"], ocrData: ["x": "\u{202E}"]),
            revision: Revision(rawValue: 9), createdAt: Timestamp(milliseconds: 0),
            updatedAt: Timestamp(milliseconds: 0),
            storedIn: [.sqlite])
        let listing = MachineListing(
            userID: "42", query: "pump", machines: [machine], now: Timestamp(milliseconds: 1_000))
        #expect(
            listing.lines == [
                "1 machine of user 42 with \"pump\"",
                "",
                "Pump\\u{1B}",
                "  Manufacturer  Grundfos",
                "  Model         -",
                "  Serial        -",
                "  Location      -",
                "  Notes         a\\nb",
                "  Photo         -",
                "  Nameplate     {\"x\":\"\\u202e\"}",
                "  Created       1970-01-01 00:00:00 UTC (1s ago)",
                "  Updated       1970-01-01 00:00:00 UTC (1s ago)",
                "  Id            9b5227ba-1bfd-42b7-b8c1-3bdfa5982030",
                "  Revision      9",
                "  Stored in     sqlite",
            ])
    }

    /// The revision is beyond 2^53, where a reader with floating-point numbers would round it.
    @Test func `A revision in JSON: a string with all digits`() {
        let revision = Revision(rawValue: 117_000_000_000_132_417)
        let time = Timestamp(milliseconds: 0)
        let machine = Machine(
            id: "9b5227ba-1bfd-42b7-b8c1-3bdfa5982030", userID: "42",
            details: MachineDetails(nickname: "Pump", texts: [:], ocrData: nil), revision: revision, createdAt: time,
            updatedAt: time, storedIn: [.sqlite])
        let machines = MachineListing(userID: "42", query: nil, machines: [machine], now: time).json
        #expect(machines["machines"]?.arrayValue?[0]["revision"] == "117000000000132417")
        #expect(machines["machines"]?.arrayValue?[0]["nickname"] == "Pump" && machines["user_known"] == true)
        let conversation = Conversation(
            step: "notes", data: ["revision": 7], revision: revision, updateID: nil, startedAt: time, updatedAt: time,
            expiresAt: time, storedIn: [.sqlite])
        let state = ConversationListing(
            key: ConversationKey(userID: "42", chatID: "42"), state: conversation, now: time
        ).json
        #expect(state["state"]?["revision"] == "117000000000132417")
        // What people typed is not changed.
        #expect(state["state"]?["data"]?["revision"] == 7)
    }

    @Test func `An empty library: listed as no machines`() {
        let listing = MachineListing(userID: "4\u{7}2", query: nil, machines: [], now: Timestamp(milliseconds: 0))
        #expect(listing.lines == ["no machines of user 4\\u{7}2"])
    }
}
