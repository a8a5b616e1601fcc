import Foundation
import Glibc
import Logging
import Systemd
import TestSupport
import Testing

@testable import ServiceKit

@Suite struct JournalLogHandlerTests {
    private struct Trouble: Error, CustomStringConvertible { var description: String }

    private func fields(
        _ level: Logger.Level, _ message: Logger.Message, _ metadata: Logger.Metadata = [:], _ error: (any Error)? = nil
    ) -> [String: String] {
        Dictionary(
            JournalLogHandler.fields(level, message, metadata, error, "rivet-test").map { ($0.name, $0.value) },
            uniquingKeysWith: { _, _ in "twice" })
    }

    @Test func `Metadata: each key has its own journal field`() {
        #expect(
            fields(
                .warning, "a reply is late", ["update.id": "7", "user.id": "42", "service": "rivet-test"],
                Trouble(description: "why"))
                == [
                    "MESSAGE": "a reply is late update.id=7 user.id=42 error=why", "PRIORITY": "4",
                    "SYSLOG_IDENTIFIER": "rivet-test", "RIVET_UPDATE_ID": "7", "RIVET_USER_ID": "42",
                    "RIVET_ERROR": "why",
                ])
    }

    @Test func `Priorities: those of syslog`() {
        let levels: [Logger.Level] = [.critical, .error, .warning, .notice, .info, .debug, .trace]
        #expect(levels.map { fields($0, "x")["PRIORITY"] } == ["2", "3", "4", "5", "6", "7", "7"])
    }

    @Test func `Texts of several lines: joined to one`() {
        let all = fields(.info, "one\ntwo", ["a": "b\r\nc"], Trouble(description: "e\nf"))
        #expect(all["MESSAGE"] == "one two a=b c error=e f")
        #expect(all["RIVET_A"] == "b c" && all["RIVET_ERROR"] == "e f")
    }

    /// The journal silently drops a field whose name it does not accept.
    @Test(arguments: ["update.id", "a-b c", "ä", "", "0", String(repeating: "x", count: 200)])
    func `A field name: always one that the journal accepts`(_ name: String) {
        let field = JournalLogHandler.fieldName(name)
        #expect(field.wholeMatch(of: /RIVET_[A-Z0-9_]*/) != nil && field.utf8.count <= 64, "\(field)")
    }

    @Test func `Standard error: the journal's when device and inode match`() throws {
        let directory = try TestDirectory()
        try directory.write("", to: "file")
        let descriptor = open(directory.path + "/file", O_RDONLY)
        defer { close(descriptor) }
        var status = stat()
        #expect(fstat(descriptor, &status) == 0)
        #expect(Journal.isConnected(descriptor, stream: "\(status.st_dev):\(status.st_ino)"))
        for stream in [
            nil, "", "1", "\(status.st_dev):\(status.st_ino + 1)", "\(status.st_dev + 1):\(status.st_ino)", "a:b",
        ] {
            #expect(!Journal.isConnected(descriptor, stream: stream), "\(stream ?? "nil")")
        }
        #expect(!Journal.isConnected(-1, stream: "\(status.st_dev):\(status.st_ino)"))
    }
}
