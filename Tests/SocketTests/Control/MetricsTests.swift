import Contracts
import Foundation
import Glibc
import TelegramSimulator
import TestSupport
import Testing

@testable import Control

/// `rivetctl metrics` with running services.
@Suite(.withProcesses)
struct MetricsTests {
    /// Compares every name in the output of `rivetctl metrics` with the alerts and the dashboard, after the services
    /// did their work.
    @Test(
        .enabled(if: MonitoringFiles.isPromtoolInstalled, "promtool is not installed"),
        .enabled(if: PostgresCluster.isInstalled, "PostgreSQL is not installed"))
    func `Metrics of services at work: promtool accepts them, and alerts and dashboard find all`()
        async throws
    {
        let neon = try await PlainDatabase()
        try await RivetUnderTest.run(["NEON_DATABASE_URL": neon.url]) { rivet in
            let people = try await Self.people(4, of: rivet.telegram)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for person in people {
                    group.addTask {
                        try await MachineEntry.begin(person)
                        try await MachineEntry.plain("Pump").tell(person)
                        _ = try await person.ask("/library")
                    }
                }
                // While people talk to the bot.
                for _ in 0..<3 { try Self.expectClean(try Self.metrics(of: rivet)) }
                try await group.waitForAll()
            }
            // The gateway counts a reply after Telegram's response, which is after the person saw it.
            var lines: [String] = []
            let all = "rivet_replies_sent_total{service=\"rivet-gateway\"} \(people.count * Self.repliesEach)"
            try await eventually("every reply is counted") {
                lines = try Self.metrics(of: rivet)
                return lines.contains(all)
            }
            try Self.expectClean(lines)
            for service in ["state", "library", "gateway"] {
                #expect(lines.contains("rivet_up{service=\"rivet-\(service)\"} 1"))
                // A failure here means a counter that no list has: add it to CounterMetric.all.
                #expect(lines.contains("rivet_metrics_unknown{service=\"rivet-\(service)\"} 0"), "\(service)")
            }
            try Self.expectCounted(lines, people: people.count)
            let samples = MonitoringFiles.samples(lines)
            let expressions =
                MonitoringFiles.alertExpressions(try MonitoringFiles.text(MonitoringFiles.alerts))
                + (try MonitoringFiles.dashboardExpressions(try MonitoringFiles.text(MonitoringFiles.dashboard)))
            #expect(MonitoringFiles.missing(expressions, in: samples) == [])
            // The dashboard shows all that is measured.
            let shown = Set(expressions.flatMap { PromQLSelector.all(in: $0) }.map(\.metric))
            #expect(Set(samples.map(\.name)).subtracting(shown) == [])

            // With one service down.
            try rivet.library.kill()
            let without = try Self.metrics(of: rivet)
            try Self.expectClean(without)
            #expect(without.contains(#"rivet_up{service="rivet-library"} 0"#))
            #expect(without.filter { $0.contains("rivet-library") }.count == 1)
            #expect(without.contains(#"rivet_up{service="rivet-gateway"} 1"#))
        }
    }

    @Test func `A delayed reply: counted with its whole wait, even if another process sends it`()
        async throws
    {
        try await RivetUnderTest.run(["RIVET_REPEAT_AFTER_MS": "3000"]) { rivet in
            let ada = await rivet.telegram.user(42)
            await rivet.telegram.fail("sendMessage", with: .internalError)
            let update = try await ada.send("/start")
            try await rivet.telegram.waitForRequests("sendMessage", count: 1, timeout: .seconds(20))
            // The gateway has received the update; after it is confirmed, the reply is in the outbox.
            let begun = ContinuousClock.now
            try await rivet.telegram.waitUntilConfirmed(update, timeout: .seconds(20))
            try rivet.gateway.kill()
            let waited = ContinuousClock.now - begun
            try rivet.gateway.start()
            await rivet.telegram.heal()
            _ = try await ada.nextMessage(timeout: .seconds(40))
            var reply: JSONValue?
            try await eventually("the reply is counted") {
                reply = try rivet.gateway.client().result("service.health")["histograms"]?["reply"]
                return reply?["count"] == 1
            }
            let sum = try #require(reply?["sum_ms"]?.integerValue)
            // Both ends are rounded to milliseconds.
            #expect(sum >= waited.milliseconds - 2)
            #expect(reply?["counts"]?.arrayValue?.prefix(10).allSatisfy { $0 == 0 } == true)
        }
    }

    @Test func `No service at all: each is rivet_up 0, and that is no failure`() throws {
        let services = try StoringServices()
        let run = try services.control("metrics")
        #expect(run.exitCode == 0)
        for service in ["state", "library", "gateway"] {
            #expect(run.lines.contains("rivet_up{service=\"rivet-\(service)\"} 0"))
        }
    }

    @Test func `A service that stands still: rivet_up 0 after the given time`() throws {
        let services = try StoringServices()
        try services.start()
        try services.library.process.signal(SIGSTOP)
        let run = try services.control("metrics", "--timeout", "300ms")
        try services.library.process.signal(SIGCONT)
        #expect(run.exitCode == 0 && run.lines.contains(#"rivet_up{service="rivet-library"} 0"#))
        #expect(run.lines.contains(#"rivet_up{service="rivet-state"} 1"#))
    }

    @Test func `A file: written in one step, readable by every user, with what would be printed`() throws {
        let services = try StoringServices()
        try services.start()
        let path = services.state.directory.path + "/rivet.prom"
        for _ in 0..<2 {
            let run = try services.control("metrics", "--output", path)
            #expect(run.exitCode == 0 && run.lines.isEmpty, "\(run.text)")
            let text = try String(contentsOfFile: path, encoding: .utf8)
            #expect(text.hasPrefix("# HELP rivet_up ") && text.hasSuffix("\n") && fileMode(path) == 0o644)
        }
        let beside = try FileManager.default.contentsOfDirectory(atPath: services.state.directory.path)
        #expect(beside.filter { $0.hasPrefix("rivet.prom") } == ["rivet.prom"])
    }

    @Test func `Metrics that cannot be written: 74, a wrong command line: 64, a setting: 78`() throws {
        let services = try StoringServices()
        let nowhere = try services.control("metrics", "--output", services.state.directory.path + "/no/rivet.prom")
        #expect(
            nowhere.exitCode == 74 && nowhere.errors.count == 1 && nowhere.text.contains("No such file or directory"))
        let device = try services.control("metrics", "--output", "/dev/full")
        #expect(device.exitCode == 74 && device.text.contains("it is no regular file"))
        #expect(try services.control("metrics", "--output", "").exitCode == 64)
        #expect(try services.control("metrics", "--timeout", "soon").exitCode == 64)
        let long = String(repeating: "x", count: 120)
        #expect(try services.control("metrics", "--runtime-dir", "/tmp/\(long)").exitCode == 78)
        let full = try ChildProcess(
            "/bin/sh", arguments: ["-c", "\(RivetBinary.control.path) metrics >/dev/full"], environment: [:],
            log: services.state.directory.path + "/full.log")
        #expect(full.wait() == 74)
    }

    // MARK: -

    private static func people(_ count: Int, of telegram: TelegramSimulator) async throws -> [Person] {
        var people: [Person] = []
        for id in 0..<count { people.append(await telegram.user(Int64(700 + id))) }
        return people
    }

    private static func metrics(of rivet: RivetUnderTest) throws -> [String] {
        let run = try RivetctlRun(
            ["metrics"], ["RIVET_RUNTIME_DIR": rivet.state.directory.path + "/run"], in: rivet.state.directory)
        #expect(run.exitCode == 0, "\(run.text)")
        return run.lines
    }

    private static func expectClean(_ lines: [String]) throws {
        let check = try MonitoringFiles.promtool(
            "check", "metrics", input: lines.map { $0 + "\n" }.joined())
        #expect(check.exitCode == 0 && check.output == "", "\(check.output)")
    }

    /// The replies to `/addmachine`, six answers and `/library`.
    private static let repliesEach = 8

    private static func expectCounted(_ lines: [String], people: Int) throws {
        func value(_ sample: String) -> Double? {
            lines.first { $0.hasPrefix(sample + " ") }.flatMap { Double($0.dropFirst(sample.count + 1)) }
        }
        let replies = Double(people * repliesEach)
        let reply = "rivet_reply_duration_seconds"
        #expect(value(#"\#(reply)_count{service="rivet-gateway"}"#) == replies)
        #expect(value(#"\#(reply)_bucket{service="rivet-gateway",le="+Inf"}"#) == replies)
        #expect(value(#"rivet_replies_sent_total{service="rivet-gateway"}"#) == replies)
        #expect(try #require(value(#"\#(reply)_sum{service="rivet-gateway"}"#)) > 0)
        for (service, method) in [
            ("state", "state.save"), ("state", "state.load"), ("library", "library.add"), ("library", "library.list"),
        ] {
            let labels = "{service=\"rivet-\(service)\",method=\"\(method)\"}"
            let counted = try #require(value("rivet_call_duration_seconds_count\(labels)"))
            #expect(counted >= Double(people) && counted == value("rivet_calls_total\(labels)"), "\(method)")
            let sum = try #require(value("rivet_call_duration_seconds_sum\(labels)"))
            #expect(sum > 0 && sum < 20 * counted, "\(method) \(sum)")
        }
    }
}
