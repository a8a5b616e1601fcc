import Contracts
import Foundation
import TestSupport
import Testing

/// What rivetctl prints for programs, and about unknown users.
@Suite(.withProcesses)
struct AnswerTests {
    private static let nowhere = "postgresql://rivet:hush@127.0.0.1:9/rivet"

    @Test func `A failure with --json: one object and nothing else`() throws {
        let services = try StoringServices()
        let long = String(repeating: "x", count: 120)
        let cases: [(arguments: [String], settings: [String: String], exitCode: Int32)] = [
            (["verify"], [:], 78), (["migrate", "--tier", "neon"], [:], 78), (["sweep"], [:], 2),
            (["logs", "5", "--directory", services.state.directory.path + "/none"], [:], 1),
            (["show", "machines", "5"], [:], 2), (["import-legacy", "/nonexistent"], [:], 1),
            (["health"], ["RIVET_RUNTIME_DIR": "/tmp/\(long)"], 78), (["pull"], [:], 2),
            (["verify"], ["NEON_DATABASE_URL": Self.nowhere], 2),
            (["migrate", "--tier", "neon"], ["NEON_DATABASE_URL": Self.nowhere], 1),
        ]
        for (arguments, settings, exitCode) in cases {
            let run = try services.control(arguments + ["--json"], settings: settings)
            #expect(run.exitCode == exitCode && run.lines.count == 1, "\(arguments): \(run.exitCode) \(run.text)")
            #expect(throws: Never.self) { try JSONValue(parsing: run.lines.first ?? "") }
            #expect(run.text.contains("\"error\":\"") && !run.text.contains("hush"), "\(run.text)")
            // For a person it is a line on standard error.
            let line = try services.control(arguments, settings: settings)
            #expect(line.exitCode == exitCode && !line.text.contains("{"), "\(line.text)")
        }
    }

    @Test func `An unknown user: exit code 1, and one without machines: 0`() throws {
        let services = try StoringServices()
        try services.start()
        for what in ["machines", "conversation"] {
            let unknown = try services.control("show", what, "5")
            #expect(unknown.exitCode == 1 && unknown.text.contains("user 5 is not known"), "\(unknown.text)")
            let json = try services.control("show", what, "5", "--json")
            #expect(try json.exitCode == 1 && json.json["user_known"] == false)
        }
        _ = try services.state.client().result(
            "state.save", saving("5", data: ["nickname": "Pump", "entry_tag": "x1"]))
        let machines = try services.control("show", "machines", "5")
        #expect(machines.exitCode == 0 && machines.text == "no machines of user 5")
        let shown = try services.control("show", "conversation", "5")
        #expect(
            shown.exitCode == 0 && shown.text.contains("Nickname") && !shown.text.contains("x1"))
        let json = try services.control("show", "conversation", "5", "--json").json["state"]
        #expect(json?["data"]?["entry_tag"] == "x1")
        let revision = try services.state.client().result("state.load", conversation("5"))["state"]?["revision"]
        #expect(json?["revision"] == revision?.integerValue.map { .string("\($0)") })
        // rivet-state is stopped, so rivetctl cannot say whether the user is known.
        try services.state.stop()
        let uncertain = try services.control("show", "machines", "6")
        #expect(uncertain.exitCode == 0 && uncertain.text.contains("cannot tell whether the user is known"))
    }
}
