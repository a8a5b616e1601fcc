import Contracts
import TestSupport
import Testing

/// The files that the package has for Prometheus and Grafana.
@Suite(.enabled(if: MonitoringFiles.isPromtoolInstalled, "promtool is not installed"))
struct MonitoringTests {
    @Test func `The alerts: promtool accepts them, each says what happened and what to do`() throws {
        let check = try MonitoringFiles.promtool("check", "rules", MonitoringFiles.alerts)
        #expect(check.exitCode == 0, "\(check.output)")
        let text = try MonitoringFiles.text(MonitoringFiles.alerts)
        let names = MonitoringFiles.alertNames(text)
        #expect(names.count >= 15 && MonitoringFiles.alertExpressions(text).count == names.count)
        for word in ["severity: ", "summary: ", "description: "] {
            #expect(text.matches(of: try Regex(word)).count >= names.count, "\(word)")
        }
    }

    @Test func `Each alert: fires on its fault, in these words, and is silent without it`() throws {
        let run = try MonitoringFiles.promtool("test", "rules", MonitoringFiles.alertTests)
        #expect(run.exitCode == 0, "\(run.output)")
        let tests = try MonitoringFiles.text(MonitoringFiles.alertTests)
        for name in MonitoringFiles.alertNames(try MonitoringFiles.text(MonitoringFiles.alerts)) {
            #expect(
                tests.contains("- name: \(name) fires\n") && tests.contains("- name: \(name) is silent\n"), "\(name)")
        }
    }

    /// Each case changes one alert, e.g. raises its threshold beyond reach: its test must fail.
    @Test func `An alert that fires wrongly or not at all: found by the tests of the alerts`() throws {
        let directory = try TestDirectory()
        let alerts = try MonitoringFiles.text(MonitoringFiles.alerts)
        let tests = try MonitoringFiles.text(MonitoringFiles.alertTests)
            .replacing("../../systemd/monitoring/alerts.yml", with: "alerts.yml")
        try directory.write(tests, to: "alerts.test.yml")
        for (right, wrong) in [
            ("rivet_up == 0", "rivet_up == 2"), ("rivet_up == 0", "rivet_up >= 0"),
            ("for: 15m", "for: 30m"), ("== 1\n        for: 5m", "== 1\n        for: 0m"),
            (#"state\\.save"#, #"state\\.sawe"#), ("[10m]))) > 5", "[10m]))) > 50"),
        ] {
            #expect(alerts.contains(right), "\(right)")
            try directory.write(alerts.replacing(right, with: wrong), to: "alerts.yml")
            let run = try MonitoringFiles.promtool("test", "rules", directory.path + "/alerts.test.yml")
            #expect(run.exitCode != 0, "\(wrong)")
        }
    }

    @Test func `The dashboard: each expression is valid, and Grafana accepts its schema`() throws {
        let text = try MonitoringFiles.text(MonitoringFiles.dashboard)
        let expressions = try MonitoringFiles.dashboardExpressions(text)
        #expect(expressions.count >= 30 && !expressions.contains { $0.contains("$") })
        let directory = try TestDirectory()
        try directory.write(MonitoringFiles.rules(of: expressions), to: "rules.yml")
        let check = try MonitoringFiles.promtool("check", "rules", directory.path + "/rules.yml")
        #expect(check.exitCode == 0 && check.output.contains("\(expressions.count) rules found"), "\(check.output)")

        let dashboard = try JSONValue(parsing: Array(text.utf8))
        #expect(dashboard["schemaVersion"] == 39 && dashboard["uid"] == "rivet")
        let variables = dashboard["templating"]?["list"]?.arrayValue?.compactMap { $0["name"]?.stringValue }
        #expect(variables == ["datasource", "instance"])
        let panels = dashboard["panels"]?.arrayValue ?? []
        #expect(Set(panels.compactMap { $0["id"]?.integerValue }).count == panels.count)
        for panel in panels where panel["type"] != "row" {
            #expect(panel["datasource"]?["uid"] == "${datasource}")
            #expect(
                panel["title"]?.stringValue?.isEmpty == false && panel["description"]?.stringValue?.isEmpty == false)
            for target in panel["targets"]?.arrayValue ?? [] {
                #expect(target["datasource"]?["uid"] == "${datasource}")
            }
        }
    }

    @Test func `An invalid expression: found`() throws {
        let directory = try TestDirectory()
        try directory.write(MonitoringFiles.rules(of: ["rate(rivet_calls_total[5m]"]), to: "rules.yml")
        #expect(try MonitoringFiles.promtool("check", "rules", directory.path + "/rules.yml").exitCode != 0)
    }

    // MARK: The checks themselves

    @Test func `The metrics of an expression: all are found with their label matchers, and nothing else`() {
        let expression = #"""
            histogram_quantile(0.99, sum by (le, service) (rate(a_bucket{m=~"x\\.y|z", n!='5'}[10m] offset 5m))) > 1e3
            and on (service) b_total{} unless time() - c:d > 2 * 60
            """#
        #expect(
            PromQLSelector.all(in: expression) == [
                PromQLSelector(
                    metric: "a_bucket",
                    matchers: [
                        .init(label: "m", relation: "=~", value: #"x\.y|z"#),
                        .init(label: "n", relation: "!=", value: "5"),
                    ]), PromQLSelector(metric: "b_total"), PromQLSelector(metric: "c:d"),
            ])
    }

    @Test func `A name or a label that no sample has: found`() {
        let samples = MonitoringFiles.samples(["# HELP a_total A.", #"a_total{m="x.y",q="\"}"} 1"#, "b 2"])
        #expect(samples.map(\.name) == ["a_total", "b"] && samples[0].labels == ["m": "x.y", "q": "\"}"])
        let right = [
            #"rate(a_total{m="x.y"}[5m])"#, #"a_total{m=~"x\\.(y|z)",instance="i"}"#, "b / on (m) b", "a_total{q!=''}",
        ]
        #expect(MonitoringFiles.missing(right, in: samples).isEmpty)
        for wrong in ["a_totl", #"a_total{m="x"}"#, #"a_total{n="1"}"#, #"sum(b{m="x.y"})"#, #"a_total{m=~"x"}"#] {
            #expect(MonitoringFiles.missing([wrong], in: samples).count == 1, "\(wrong)")
        }
    }
}
