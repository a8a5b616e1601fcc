import Testing

@testable import Control

/// `ProgramOutput` with real programs.
@Suite struct ProgramOutputTests {
    @Test func `A program that prints: its output is returned`() async {
        #expect(await ProgramOutput.of("printf", ["%s-%s", "a b", "c"], patience: .seconds(60)) == "a b-c")
        #expect(await ProgramOutput.of("true", [], patience: .seconds(60)) == "")
    }

    @Test func `A program that fails or does not exist: no output`() async {
        #expect(await ProgramOutput.of("false", [], patience: .seconds(60)) == nil)
        #expect(await ProgramOutput.of("rivet-no-such-program", [], patience: .seconds(60)) == nil)
    }

    @Test func `A program that prints too much: no output`() async {
        #expect(await ProgramOutput.of("yes", [], patience: .seconds(60)) == nil)
    }

    @Test func `A program that hangs: killed when its time is over`() async {
        let start = ContinuousClock.now
        #expect(await ProgramOutput.of("sleep", ["3600"], patience: .milliseconds(50)) == nil)
        // Without the limit it would take an hour.
        #expect(.now - start < .seconds(600))
    }
}
