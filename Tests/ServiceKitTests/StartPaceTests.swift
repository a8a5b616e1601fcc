import Foundation
import TestSupport
import Testing

@testable import ServiceKit

@Suite struct StartPaceTests {
    @Test(arguments: ["exit-code 1", "signal SEGV", "core-dump TRAP", "oom-kill KILL", "timeout TERM", "unheard of"])
    func `A start after one that failed: waits a minute`(end: String) {
        #expect(StartPace.wait(after: [.init(end: end, wasReady: false)]) == .seconds(60))
    }

    @Test(arguments: ["signal KILL", "protocol 0"])
    func `A start after one that was killed: does not wait, five times in a row`(end: String) {
        let run = StartPace.FailedRun(end: end, wasReady: false)
        for count in 1...5 { #expect(StartPace.wait(after: .init(repeating: run, count: count)) == .zero) }
        #expect(StartPace.wait(after: .init(repeating: run, count: 6)) == .seconds(60))
    }

    @Test(arguments: ["exit-code 1", "signal SEGV", "core-dump TRAP", "watchdog KILL"])
    func `A start after a crash soon after the service was ready: waits from the second one in a row on`(end: String) {
        let run = StartPace.FailedRun(end: end, wasReady: true)
        #expect(StartPace.wait(after: [run]) == .zero)
        #expect(StartPace.wait(after: [run, run]) == .seconds(60))
        #expect(StartPace.wait(after: [run, run, run]) == .seconds(60))
    }

    @Test func `The ends of runs: read in order, from the last orderly one on`() throws {
        let directory = try TestDirectory()
        let pace = StartPace(directory: directory.path, name: "state")
        #expect(pace.failedRuns().isEmpty)
        #expect(pace.begun(keepsCount: false))
        #expect(pace.failedRuns().isEmpty)
        try note("signal KILL\nsignal KILL\n", pace)
        #expect(pace.failedRuns() == .init(repeating: .init(end: "signal KILL", wasReady: false), count: 2))
        #expect(pace.begun(keepsCount: true))
        #expect(pace.failedRuns().count == 2)
        try note("exit-code 1\nexit-code 78\n", pace)
        #expect(pace.failedRuns().isEmpty)
        try note("success TERM\nexit-code 1\n", pace)
        #expect(pace.failedRuns() == [.init(end: "exit-code 1", wasReady: false)])
        pace.cleared()
        #expect(pace.failedRuns().isEmpty)
        #expect(!FileManager.default.fileExists(atPath: pace.path))
    }

    @Test func `A service that was ready: its end differs from a failed start, and a kill does not count`() throws {
        let directory = try TestDirectory()
        let pace = StartPace(directory: directory.path, name: "state")
        #expect(pace.begun(keepsCount: false))
        pace.becameReady()
        #expect(try String(contentsOfFile: pace.path, encoding: .utf8) == "ready\n")
        #expect(pace.failedRuns().isEmpty)
        try note("ready\nsignal SEGV\nready\nsignal KILL\nsignal SEGV\n", pace)
        #expect(
            pace.failedRuns() == [
                .init(end: "signal SEGV", wasReady: true), .init(end: "signal SEGV", wasReady: false),
            ])
        try note(String(repeating: "ready\nsignal KILL\n", count: 50), pace)
        #expect(pace.failedRuns().isEmpty)
    }

    @Test func `A start that systemd did not make automatically: does not wait`() throws {
        let directory = try TestDirectory()
        let pace = StartPace(directory: directory.path, name: "state")
        let before = Date()
        try note("exit-code 1\n", pace)
        #expect(pace.failedRuns(now: before + 9).count == 1)
        #expect(pace.failedRuns(now: Date() + 12).isEmpty)
    }

    @Test func `A start that cannot be recorded: reported as such`() throws {
        let directory = try TestDirectory()
        #expect(!StartPace(directory: directory.path + "/none", name: "state").begun(keepsCount: false))
    }

    private func note(_ text: String, _ pace: StartPace) throws {
        try Data(text.utf8).write(to: URL(filePath: pace.path))
    }
}
