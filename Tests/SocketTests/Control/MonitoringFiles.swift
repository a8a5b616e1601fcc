import Contracts
import Foundation
import TestSupport

/// The alerts and the dashboard of the package, and Debian's promtool, which checks them.
enum MonitoringFiles {
    struct Finding: Error, CustomStringConvertible {
        var description: String
    }

    static let promtool = "/usr/bin/promtool"
    static var isPromtoolInstalled: Bool { FileManager.default.isExecutableFile(atPath: promtool) }

    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appending(path: "../../..").standardizedFileURL.path
    static let alerts = root + "/systemd/monitoring/alerts.yml"
    static let dashboard = root + "/systemd/monitoring/dashboard.json"
    static let alertTests = root + "/Tests/Monitoring/alerts.test.yml"

    static func text(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

    /// Runs promtool, with `input` as its standard input.
    /// - Returns: its exit code and its whole output.
    static func promtool(_ arguments: String..., input: String = "") throws -> (exitCode: Int32, output: String) {
        let directory = try TestDirectory()
        try directory.write(input, to: "input")
        let log = directory.path + "/output"
        let process = try ChildProcess(
            "/bin/sh",
            arguments: ["-c", "input=$1; shift; exec \"$0\" \"$@\" <\"$input\"", promtool, directory.path + "/input"]
                + arguments,
            environment: [:], log: log)
        return (process.wait(), try String(contentsOfFile: log, encoding: .utf8))
    }

    // MARK: Expressions

    /// The expressions of the alerts: the text after `expr:` in one line or, after `>-`, in the deeper lines below.
    static func alertExpressions(_ text: String) -> [String] {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        func depth(_ line: String) -> Int { line.prefix { $0 == " " }.count }
        return lines.indices.compactMap { index -> String? in
            let line = lines[index].drop { $0 == " " }
            guard line.hasPrefix("expr: ") else { return nil }
            guard line.hasSuffix(">-") else { return String(line.dropFirst("expr: ".count)) }
            return lines[(index + 1)...].prefix { depth($0) > depth(lines[index]) }
                .map { String($0.drop { $0 == " " }) }.joined(separator: " ")
        }
    }

    static func alertNames(_ text: String) -> [String] {
        text.matches(of: /- alert: (\w+)/).map { String($0.1) }
    }

    /// The expressions of the dashboard's panels, with Grafana's variables replaced.
    static func dashboardExpressions(_ text: String) throws -> [String] {
        let panels = try JSONValue(parsing: Array(text.utf8))["panels"]?.arrayValue ?? []
        let expressions = panels.flatMap { $0["targets"]?.arrayValue ?? [] }.compactMap { $0["expr"]?.stringValue }
        return expressions.map {
            $0.replacing("$__rate_interval", with: "5m").replacing("$__interval", with: "1m")
                .replacing("$instance", with: ".*")
        }
    }

    /// The expressions as rules, which promtool can check.
    static func rules(of expressions: [String]) -> String {
        let rules = expressions.enumerated().map { number, expression in
            "  - record: checked:\(number)\n    expr: \(JSONValue.string(expression).text)\n"
        }
        return "groups:\n- name: checked\n  rules:\n" + rules.joined()
    }

    // MARK: Metrics

    /// The samples of a text that promtool accepts: names and labels.
    static func samples(_ lines: [String]) -> [(name: String, labels: [String: String])] {
        lines.filter { !$0.hasPrefix("#") }.compactMap { line in
            guard let selector = PromQLSelector.all(in: line).first else { return nil }
            return (
                selector.metric, Dictionary(selector.matchers.map { ($0.label, $0.value) }, uniquingKeysWith: { $1 })
            )
        }
    }

    /// The selectors of `expressions` that no sample matches.
    static func missing(_ expressions: [String], in samples: [(name: String, labels: [String: String])]) -> [String] {
        expressions.flatMap { PromQLSelector.all(in: $0) }.filter { selector in
            !samples.contains { $0.name == selector.metric && selector.matches($0.labels) }
        }.map { selector in
            "\(selector.metric) \(selector.matchers.map { $0.label + $0.relation + $0.value }.joined(separator: ","))"
        }
    }
}
