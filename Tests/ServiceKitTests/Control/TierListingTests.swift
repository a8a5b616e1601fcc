import Contracts
import Testing

@testable import Control
@testable import Persistence

/// `rivetctl tiers`.
@Suite struct TierListingTests {
    private func health(
        _ status: ServiceHealth.Status = .ok, _ tiers: [ServiceHealth.Tier] = [], counters: [String: Int64] = [:],
        detail: String? = nil
    ) -> HealthListing.Answer {
        .success(
            ServiceHealth.Output(
                service: "rivet-state", version: "0.1.0", startedAt: Timestamp(milliseconds: 0), status: status,
                tiers: tiers, counters: counters, detail: detail))
    }

    private func listing(_ state: HealthListing.Answer, _ library: HealthListing.Answer) -> HealthListing {
        HealthListing(answers: [(.state, state), (.library, library)], now: Timestamp(milliseconds: 0))
    }

    private let up = ServiceHealth.Tier(name: .sqlite, kind: "sqlite", state: .up, latencyMilliseconds: 1.25)
    private let away = HealthListing.Answer.failure(
        CommandFailure("rivet-library does not answer", nextStep: "Is it running?", exitCode: 2))

    @Test func `The listing for people: debts, all errors and counts`() {
        let neon = ServiceHealth.Tier(
            name: .neon, kind: "postgresql", state: .up, pending: 12, oldestPendingAge: 75,
            lastError: "refused\u{1B}[2J", latencyMilliseconds: 8.5)
        let counters: [String: Int64] = [
            "calls.state.save": 4, "pulls.neon": 2, "rows.adopted": 3, "rows.quarantined": 0, "clashes": 1,
            "disk.replaced": 1, "tiers.refusals": 5,
        ]
        #expect(
            listing(health(.ok, [neon, up], counters: counters, detail: "said by health"), away).tierLines == [
                "SERVICE      TIER    STATE  PENDING  OLDEST  LAST WRITE",
                "rivet-state  neon    up          12  1m 15s      8.5 ms",
                "rivet-state  sqlite  up           0       -     1.25 ms",
                "",
                "rivet-state: neon: refused\\u{1B}[2J",
                "rivet-library does not answer",
                "  Is it running?",
                "",
                "SERVICE      COUNTED SINCE ITS START  COUNT",
                "rivet-state  clashes                      1",
                "rivet-state  disk.replaced                1",
                "rivet-state  pulls.neon                   2",
                "rivet-state  rows.adopted                 3",
                "rivet-state  rows.quarantined             0",
                "rivet-state  tiers.refusals               5",
            ])
    }

    @Test func `The listing for programs: one object`() {
        let json = listing(health(.ok, [up], counters: ["calls.x": 1, "clashes": 2]), away).tiersJSON
        let state = json["services"]?["rivet-state"]
        #expect(state?["status"] == "ok" && state?["counters"] == ["clashes": 2])
        #expect(state?["tiers"]?.arrayValue?.first?["latency_ms"] == .decimal("1.25"))
        #expect(json["services"]?["rivet-library"]?["next_step"] == "Is it running?")
    }

    @Test func `The exit code: that of the worst tier`() {
        func tier(_ state: ServiceHealth.Tier.State, age: Int64? = nil) -> ServiceHealth.Tier {
            .init(name: .neon, kind: "postgresql", state: state, pending: 1, oldestPendingAge: age)
        }
        let good = health(.ok, [up, tier(.up, age: 30)])
        #expect(listing(good, good).tiersExitCode == 0)
        #expect(listing(good, health(.ok, [tier(.up, age: 31)])).tiersExitCode == 1)
        #expect(listing(health(.degraded, [tier(.down)]), good).tiersExitCode == 1)
        #expect(listing(health(.degraded, [tier(.probing)]), good).tiersExitCode == 1)
        #expect(listing(health(.failing, [tier(.down)]), good).tiersExitCode == 2)
        #expect(listing(good, away).tiersExitCode == 2)
    }

    @Test func `A service with memory only: reported as such`() {
        let tier = ServiceHealth.Tier(name: .sqlite, kind: "sqlite", state: .down, lastError: "disk full")
        let lines = listing(health(.failing, [tier], detail: "memory only: disk full"), health()).tierLines
        #expect(lines.suffix(2) == ["rivet-state: memory only: disk full", "rivet-state: sqlite: disk full"])
    }
}

/// `rivetctl verify`.
@Suite struct VerificationListingTests {
    private func comparison(_ count: Int, _ differences: [TierDifference]) -> VerificationListing.Outcome {
        var comparison = TierComparison()
        comparison.compared = 1_234
        comparison.differenceCount = count
        comparison.differences = differences
        return .success(comparison)
    }

    private func revision(_ milliseconds: Int64) -> Revision { Revision(at: Timestamp(milliseconds: milliseconds)) }

    private var differing: VerificationListing {
        VerificationListing(
            rows: [
                (
                    .neon, .conversations,
                    comparison(
                        2,
                        [
                            .init(
                                key: #"["7","-1:2","add_machine"]"#,
                                kind: .older(tier: revision(0), local: revision(60_250))),
                            .init(key: #"["8","8\#u{9B}","photo"]"#, kind: .content(fields: ["data", "step"])),
                        ])
                ),
                (.neon, .machines, comparison(1, [.init(key: "b8ced2cd", kind: .missing)])),
            ], limit: 2)
    }

    @Test func `The comparison for people: shows the differences up to the limit`() {
        #expect(
            differing.lines == [
                "TIER  STORE          COMPARED  DIFFERENT",
                "neon  conversations      1234          2",
                "neon  machines           1234          1",
                "",
                "neon: conversations [\"7\",\"-1:2\",\"add_machine\"]: older: from 1970-01-01T00:00:00.000Z, on disk "
                    + "from 1970-01-01T00:01:00.250Z",
                "neon: conversations [\"8\",\"8\\u{9B}\",\"photo\"]: the same revision with other content: data, step",
                "and 1 more; --limit shows more of them",
            ])
        #expect(differing.exitCode == 1 && differing.total == 3)
    }

    @Test func `The comparison for programs: one object`() {
        var listing = differing
        listing.limit = 3
        #expect(
            listing.json == [
                "tiers": [
                    "neon": [
                        "conversations": ["compared": 1234, "different": 2],
                        "machines": ["compared": 1234, "different": 1],
                    ]
                ], "total": 3,
                "differences": [
                    [
                        "tier": "neon", "store": "conversations", "key": ["7", "-1:2", "add_machine"], "what": "older",
                        "revision_there": "0", "revision_on_disk": .string("\(60_250 << 16)"),
                    ],
                    [
                        "tier": "neon", "store": "conversations", "key": ["8", "8\u{9B}", "photo"], "what": "content",
                        "fields": ["data", "step"],
                    ],
                    ["tier": "neon", "store": "machines", "key": "b8ced2cd", "what": "missing"],
                ],
            ])
    }

    @Test func `Equal tiers: one table`() {
        let listing = VerificationListing(rows: [(.neon, .machines, comparison(0, []))], limit: 50)
        #expect(listing.lines.count == 2 && listing.exitCode == 0)
    }

    @Test func `A tier that cannot be read: decides the exit code and is reported once`() {
        let failure = CommandFailure("neon: no answer in time", nextStep: "Does it run?", exitCode: 2)
        var listing = differing
        listing.rows += [(.railway, .conversations, .failure(failure)), (.railway, .machines, .failure(failure))]
        #expect(listing.exitCode == 2 && listing.failures == [failure])
        #expect(listing.lines[3] == "railway  conversations         -          -")
        #expect(listing.json["tiers"]?["railway"]?["machines"]?["next_step"] == "Does it run?")
    }
}

/// `rivetctl pull` and `rivetctl import-legacy`.
@Suite struct PullListingTests {
    @Test func `The listing of a pull: how many rows came`() {
        let stuck = ServiceHealth.Tier(
            name: .railway, kind: "postgresql", state: .down, pending: 3, lastError: "refused\u{1B}")
        let listing = PullListing(
            outcomes: [
                (.state, .success(.init(tiers: [.neon, .railway], adopted: 1, unfinished: [stuck]))),
                (.library, .success(.init(tiers: [], adopted: 0, unfinished: []))),
            ], patience: .seconds(60))
        #expect(
            listing.lines == [
                "rivet-state: 1 row imported from neon, railway", "rivet-library: no PostgreSQL tier is configured",
            ])
        #expect(
            listing.failures.map(\.line) == [
                "rivetctl: rivet-state: railway was not compared to the end within 60s, and is down with 3 pending; its "
                    + "last error: refused\\u{1B}. The service continues by itself; rivetctl tiers shows its progress"
            ])
        #expect(
            listing.json["services"]?["rivet-state"]
                == ["tiers": ["neon", "railway"], "adopted": 1, "unfinished": ["railway"]])
    }

    @Test func `A service that was restarted: its counters count from zero`() {
        func health(_ startedAt: Int64, _ count: Int64?) -> ServiceHealth.Output {
            .init(
                service: "rivet-state", version: "0.1.0", startedAt: Timestamp(milliseconds: startedAt), status: .ok,
                counters: count.map { ["pulls.neon": $0] } ?? [:])
        }
        #expect(TierPull.grown("pulls.neon", health(1, 5), health(1, 7)) == 2)
        #expect(TierPull.grown("pulls.neon", health(1, nil), health(1, 1)) == 1)
        #expect(TierPull.grown("pulls.neon", health(1, 5), health(2, 1)) == 1)
    }

    @Test func `The rows of the earlier bot: counted`() {
        let bad = LegacyConversations.Unreadable(userID: "7", chatID: "7\u{7}", reason: "state_data is no JSON")
        let listing = ImportListing(imported: 2, known: 1, expired: 4, unreadable: [bad])
        #expect(
            listing.lines == ["2 conversations imported, 1 already known, 4 expired, 1 unreadable and left out"])
        #expect(listing.warnings == ["rivetctl: left out user 7 in chat 7\\u{7}: state_data is no JSON"])
        #expect(ImportListing(imported: 1).lines == ["1 conversation imported"])
        #expect(
            listing.json == [
                "imported": 2, "known": 1, "expired": 4,
                "unreadable": [["user_id": "7", "chat_id": "7\u{7}", "reason": "state_data is no JSON"]],
            ])
    }
}
