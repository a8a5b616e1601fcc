import Foundation
import Glibc
import TestSupport
import Testing

@testable import Control

@Suite struct MetricsFileTests {
    private let directory: TestDirectory
    private let file: MetricsFile

    init() throws {
        directory = try TestDirectory()
        file = MetricsFile(path: directory.path + "/rivet.prom")
    }

    private func entries() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: directory.path) }

    @Test func `A file of metrics: readable by every user, replaced whole, and nothing is left beside it`() throws {
        for lines in [["a 1", "b 2"], ["a 3"]] {
            try file.replace(with: lines)
            #expect(try String(contentsOfFile: file.path, encoding: .utf8) == lines.map { $0 + "\n" }.joined())
            var status = stat()
            #expect(stat(file.path, &status) == 0 && status.st_mode == S_IFREG | 0o644)
            #expect(try entries() == ["rivet.prom"])
        }
    }

    /// A reader that has the old file open continues to read it.
    @Test func `A reader in the middle of the file: sees the old one whole`() throws {
        try file.replace(with: [String(repeating: "old", count: 10_000)])
        let descriptor = open(file.path, O_RDONLY | O_CLOEXEC)
        defer { close(descriptor) }
        try file.replace(with: ["new"])
        var bytes = [UInt8](repeating: 0, count: 40_000)
        #expect(read(descriptor, &bytes, bytes.count) == 30_001)
    }

    @Test func `A directory that does not exist: the cause and the next step, code 74`() throws {
        let failure = #expect(throws: CommandFailure.self) {
            try MetricsFile(path: directory.path + "/none/rivet.prom").replace(with: ["a 1"])
        }
        #expect(failure?.exitCode == 74)
        #expect(
            failure?.cause
                == "the metrics could not be written to \(directory.path)/none/rivet.prom: No such file or directory")
        #expect(failure?.nextStep?.contains("prometheus-node-exporter") == true)
    }

    /// A rename over it would replace the device or the directory for every program.
    @Test func `A path that is no regular file: refused, and unchanged`() throws {
        let path = directory.path + "/link.prom"
        symlink("/dev/null", path)
        for path in [path, "/dev/null", directory.path] {
            let failure = #expect(throws: CommandFailure.self) { try MetricsFile(path: path).replace(with: ["a 1"]) }
            #expect(failure?.exitCode == 74 && failure?.cause.hasSuffix("it is no regular file") == true)
        }
        #expect(try entries() == ["link.prom"])
        var status = stat()
        #expect(stat("/dev/null", &status) == 0 && status.st_mode & S_IFMT == S_IFCHR)
    }

    @Test(.enabled(if: geteuid() == 0, "only root may mount"))
    func `A full disk: code 74, the old file stays, and nothing is left beside it`() throws {
        let path = directory.path + "/disk"
        guard let disk = SmallDisk(bytes: 64 * 1_024, at: path) else { return }
        let file = MetricsFile(path: path + "/rivet.prom")
        try file.replace(with: ["old"])
        disk.fill()
        let failure = #expect(throws: CommandFailure.self) {
            try file.replace(with: [String(repeating: "new", count: 9_999)])
        }
        #expect(failure?.exitCode == 74 && failure?.nextStep == "Make room on its file system")
        #expect(try String(contentsOfFile: file.path, encoding: .utf8) == "old\n")
        #expect(try FileManager.default.contentsOfDirectory(atPath: path).sorted() == ["filler", "rivet.prom"])
    }
}
