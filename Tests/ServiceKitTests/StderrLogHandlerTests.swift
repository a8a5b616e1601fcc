import Contracts
import Logging
import Testing

@testable import ServiceKit

@Suite struct StderrLogHandlerTests {
    private let moment = Timestamp(milliseconds: 250)

    private struct Trouble: Error, CustomStringConvertible { var description: String }

    @Test func `A line: time, level, message, and metadata sorted by name`() {
        #expect(
            StderrLogHandler.line(.notice, "ready", ["status": "up", "UPDATE_ID": "7", "chat": "x y"], at: moment)
                == "1970-01-01T00:00:00.250Z notice: ready UPDATE_ID=7 chat=x y status=up")
        #expect(StderrLogHandler.line(.info, "bare", [:], at: moment) == "1970-01-01T00:00:00.250Z info: bare")
    }

    @Test func `An error: last on its line`() {
        #expect(
            StderrLogHandler.line(.error, "failed", ["z": "1"], Trouble(description: "why"), at: moment)
                == "1970-01-01T00:00:00.250Z error: failed z=1 error=why")
    }

    @Test func `Texts of several lines: joined to one`() {
        let line = StderrLogHandler.line(
            .info, "one\ntwo", ["a": "b\r\nc\u{2028}d"], Trouble(description: "e\n\nf\n"), at: moment)
        #expect(line == "1970-01-01T00:00:00.250Z info: one two a=b c d error=e f")
    }

    @Test func `Metadata of the logger: kept`() {
        var handler = StderrLogHandler(logLevel: .debug)
        handler[metadataKey: "service"] = "rivet-test"
        #expect(handler.logLevel == .debug)
        #expect(handler.metadata == ["service": "rivet-test"])
        #expect(handler[metadataKey: "service"] == "rivet-test")
    }
}
