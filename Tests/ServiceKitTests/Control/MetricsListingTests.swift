import Contracts
import Testing

@testable import Control

@Suite struct MetricsListingTests {
    private static let now = Timestamp(milliseconds: 1_795_440_397_690)

    private static func health(
        _ service: RivetService = .state, counters: [String: Int64] = [:],
        histograms: [String: DurationHistogram] = [:], tiers: [ServiceHealth.Tier] = []
    ) -> HealthListing.Entry {
        (
            service,
            .success(
                ServiceHealth.Output(
                    service: service.unit, version: "0.1.0", startedAt: now.advanced(by: .seconds(-60)),
                    status: .degraded, tiers: tiers, counters: counters, histograms: histograms))
        )
    }

    private static func away(_ service: RivetService) -> HealthListing.Entry {
        (service, .failure(CommandFailure("it is away", exitCode: ExitCodes.unreachable)))
    }

    private func lines(_ answers: HealthListing.Entry...) -> [String] {
        MetricsListing(answers: answers, now: Self.now).exposition.lines
    }

    @Test func `A service that is away: only rivet_up 0, and the others are there`() {
        let lines = lines(Self.health(.state), Self.away(.library), Self.away(.gateway))
        #expect(lines.contains(#"rivet_up{service="rivet-state"} 1"#))
        #expect(lines.contains(#"rivet_up{service="rivet-library"} 0"#))
        #expect(lines.filter { $0.contains("rivet-library") }.count == 1)
        #expect(lines.contains(#"rivet_start_time_seconds{service="rivet-state"} 1795440337.69"#))
        #expect(lines.last == "rivet_metrics_timestamp_seconds 1795440397.69")
    }

    @Test func `All services away: every one is rivet_up 0`() {
        let lines = lines(Self.away(.state), Self.away(.library), Self.away(.gateway))
        #expect(lines.filter { $0.hasPrefix("rivet_up{") && $0.hasSuffix(" 0") }.count == 3 && lines.count == 8)
    }

    @Test func `States: one sample for each possible state, and one of them is 1`() {
        let tier = ServiceHealth.Tier(
            name: .neon, kind: "postgresql", state: .down, pending: 5, oldestPendingAge: 70, latencyMilliseconds: 1.5)
        let lines = lines(Self.health(tiers: [tier, ServiceHealth.Tier(name: .memory, kind: "memory", state: .up)]))
        for line in [
            #"rivet_status{service="rivet-state",status="ok"} 0"#,
            #"rivet_status{service="rivet-state",status="degraded"} 1"#,
            #"rivet_status{service="rivet-state",status="failing"} 0"#,
            #"rivet_tier_state{service="rivet-state",tier="neon",state="up"} 0"#,
            #"rivet_tier_state{service="rivet-state",tier="neon",state="down"} 1"#,
            #"rivet_tier_state{service="rivet-state",tier="neon",state="probing"} 0"#,
            #"rivet_tier_pending_writes{service="rivet-state",tier="neon"} 5"#,
            #"rivet_tier_oldest_pending_age_seconds{service="rivet-state",tier="neon"} 70"#,
            #"rivet_tier_oldest_pending_age_seconds{service="rivet-state",tier="memory"} 0"#,
            #"rivet_tier_latency_seconds{service="rivet-state",tier="neon"} 0.0015"#,
        ] {
            #expect(lines.contains(line), "\(line)")
        }
        #expect(!lines.contains { $0.hasPrefix("rivet_tier_latency_seconds") && $0.contains("memory") })
    }

    @Test
    func `Counters: by their declared names, 0 before the first count, and a missing gauge is absent`() {
        let lines = lines(
            Self.health(counters: ["calls.state.save": 3, "calls.unknown": 1, "pulls.neon": 2, "rows.adopted": 9]))
        for line in [
            #"rivet_calls_total{service="rivet-state",method="state.save"} 3"#,
            #"rivet_calls_total{service="rivet-state",method="unknown"} 1"#,
            #"rivet_tier_pulls_total{service="rivet-state",tier="neon"} 2"#,
            #"rivet_rows_adopted_total{service="rivet-state"} 9"#,
            #"rivet_tier_refusals_total{service="rivet-state"} 0"#, #"rivet_metrics_unknown{service="rivet-state"} 0"#,
        ] {
            #expect(lines.contains(line), "\(line)")
        }
        #expect(!lines.contains { $0.contains("rivet_disk_log_bytes") || $0.contains("rivet_updates") })
    }

    @Test func `A name that no list has: left out and counted`() throws {
        let histogram = try #require(DurationHistogram(boundsMicroseconds: [], counts: [1], sumMicroseconds: 1))
        let entry = Self.health(
            counters: ["calls.": 1, "pulls": 1, "updates.received": 1, "new": 1, "clashes": 1],
            histograms: ["reply": histogram, "new.thing": histogram])
        let health = try entry.answer.get()
        #expect(
            MetricsListing.unknownNames(health, of: .state) == [
                "calls.", "new", "new.thing", "pulls", "updates.received",
            ])
        #expect(lines(entry).contains(#"rivet_metrics_unknown{service="rivet-state"} 5"#))
    }

    @Test func `The lists: names, units and texts are as Prometheus wants them, and no name occurs twice`() {
        let families = CounterMetric.all.map(\.family) + Set(HistogramMetric.all.map(\.family))
        #expect(Set(families.map(\.name)).count == families.count)
        #expect(Set(CounterMetric.all.map(\.counter)).count == CounterMetric.all.count)
        for family in families {
            #expect(family.name.wholeMatch(of: /rivet(_[a-z]+)+/) != nil, "\(family.name)")
            #expect(family.name.hasSuffix("_total") == (family.kind == .counter), "\(family.name)")
            let unit: MetricFamily.Unit =
                family.name.hasSuffix("_seconds") ? .seconds : family.name.hasSuffix("_bytes") ? .bytes : .none
            #expect(unit == family.unit, "\(family.name)")
            #expect(family.help.hasSuffix("."), "\(family.name)")
        }
    }
}
