import Foundation
import TestSupport
import Testing

@testable import ServiceKit

@Suite struct StartPaceTests {
    @Test(arguments: ["exit-code 1", "signal SEGV", "core-dump TRAP", "oom-kill KILL", "timeout TERM", "unheard of"])
    func `A start after one that failed: waits a minute`(end: String) {
        #expect(StartPace.wait(after: [end]) == .seconds(60))
    }

    @Test(arguments: ["signal KILL", "protocol 0"])
    func `A start after one that was killed: does not wait, five times in a row`(end: String) {
        for count in 1...5 { #expect(StartPace.wait(after: .init(repeating: end, count: count)) == .zero) }
        #expect(StartPace.wait(after: .init(repeating: end, count: 6)) == .seconds(60))
    }

    @Test func `The ends of starts: read in order, from the last orderly one on`() throws {
        let directory = try TestDirectory()
        let pace = StartPace(directory: directory.path, name: "state")
        #expect(pace.failedStarts().isEmpty)
        #expect(pace.begun(keepsCount: false))
        #expect(pace.failedStarts().isEmpty)
        try note("signal KILL\nsignal KILL\n", pace)
        #expect(pace.failedStarts() == ["signal KILL", "signal KILL"])
        #expect(pace.begun(keepsCount: true))
        #expect(pace.failedStarts().count == 2)
        try note("exit-code 1\nexit-code 78\n", pace)
        #expect(pace.failedStarts().isEmpty)
        try note("success TERM\nexit-code 1\n", pace)
        #expect(pace.failedStarts() == ["exit-code 1"])
        pace.cleared()
        #expect(pace.failedStarts().isEmpty)
        #expect(!FileManager.default.fileExists(atPath: pace.path))
    }

    @Test func `A start that systemd did not make by itself: does not wait`() throws {
        let directory = try TestDirectory()
        let pace = StartPace(directory: directory.path, name: "state")
        try note("exit-code 1\n", pace)
        #expect(pace.failedStarts(now: Date() + 9) == ["exit-code 1"])
        #expect(pace.failedStarts(now: Date() + 12).isEmpty)
    }

    @Test func `A start that cannot be noted: says so`() throws {
        let directory = try TestDirectory()
        #expect(!StartPace(directory: directory.path + "/none", name: "state").begun(keepsCount: false))
    }

    private func note(_ text: String, _ pace: StartPace) throws {
        try Data(text.utf8).write(to: URL(filePath: pace.path))
    }
}
