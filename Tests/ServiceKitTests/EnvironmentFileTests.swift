import Foundation
import Logging
import TestSupport
import Testing

@testable import ServiceKit

@Suite struct EnvironmentFileTests {
    private static let versions = [SystemdVersion(252), SystemdVersion(257)]

    private static func outcome(_ bytes: [UInt8], _ systemd: SystemdVersion?) -> EnvironmentFileCase.Outcome {
        do throws(EnvironmentFileError) {
            return .variables(try EnvironmentFile(bytes, systemd: systemd).variables)
        } catch {
            switch error {
            case .nulByte(let line), .notUTF8(let line), .valueTooLong(let line): return .refused(line: line)
            case .tooLong: return .refused(line: 0)
            }
        }
    }

    @Test(arguments: EnvironmentFileCase.recorded)
    func `A settings file: read as systemd 252 and 257 read it`(_ recorded: EnvironmentFileCase) {
        #expect(Self.outcome(recorded.file, SystemdVersion(252)) == recorded.systemd252)
        #expect(Self.outcome(recorded.file, SystemdVersion(253)) == recorded.systemd252)
        for later in [SystemdVersion(254), SystemdVersion(257), nil] {
            #expect(Self.outcome(recorded.file, later) == recorded.systemd257)
        }
    }

    @Test func `The recorded table: complete`() {
        #expect(EnvironmentFileCase.recorded.count == 256)
        #expect(EnvironmentFileCase.recorded.count { $0.systemd252 != $0.systemd257 } == 9)
        #expect(EnvironmentFileCase.recorded.first?.file == [])
    }

    @Test func `Any bytes: readable, and versions differ only in lines with a warning`() {
        var generator = SeededGenerator("EnvironmentFileTests")
        var grammar = EnvironmentFileGrammar(generator)
        var (refused, different) = (0, 0)
        for round in 0..<20_000 {
            let count = Int.random(in: 0...80, using: &generator)
            let bytes =
                round.isMultiple(of: 2)
                ? grammar.file() : (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
            let read = Self.versions.map { version in
                Result { () throws(EnvironmentFileError) in try EnvironmentFile(bytes, systemd: version) }
            }
            guard case .success(let older) = read[0], case .success(let newer) = read[1] else {
                refused += 1
                continue
            }
            let lines = bytes.count { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") } + 1
            #expect((older.warnings + newer.warnings).allSatisfy { (1...lines).contains($0.line) })
            if older.variables != newer.variables {
                different += 1
                #expect(older.warnings.contains { $0.kind == .commentEndsInBackslash }, "\(bytes)")
                #expect(newer.warnings.contains { $0.kind == .commentEndsInBackslash }, "\(bytes)")
            }
        }
        // Both cases occurred, so both were tested.
        #expect(refused > 100 && different > 20, "\(refused) \(different)")
    }

    @Test(arguments: [
        ("A=1\nexport B=2\r\nC", [(2, EnvironmentFileWarning.Kind.export), (3, .noEqualsSign)]),
        ("\u{FEFF}A=1\nB=2", [(1, .byteOrderMark)]), ("\u{FEFF}# settings\nB=2", [(1, .byteOrderMark)]),
        ("# a \\\nA=1\n# b \\\n# c \\\n\n# d\\", [(1, .commentEndsInBackslash)]),
        ("# a \\\r\nA=1\r\n", []), ("A='1\n2\n\n", [(1, .quoteNotClosed)]), ("A=it's\nB=\"", [(2, .quoteNotClosed)]),
        ("A=\"1\n2\"\n3B=4\n = 5", [(3, .badName), (4, .badName)]), ("A=1\n\n;x=\nB=\n", []),
        ("\r\n\rA\n\nB\r", [(3, .noEqualsSign), (5, .noEqualsSign)]),
    ])
    func `A line that may be a slip: reported with its number`(
        _ text: String, _ warnings: [(Int, EnvironmentFileWarning.Kind)]
    ) throws {
        for version in Self.versions {
            let found = try EnvironmentFile(Array(text.utf8), systemd: version).warnings
            #expect(found == warnings.map { EnvironmentFileWarning(line: $0.0, kind: $0.1) })
        }
    }

    @Test func `A file that is too long: refused`() throws {
        func read(_ text: String) throws(EnvironmentFileError) -> EnvironmentFile {
            try EnvironmentFile(Array(text.utf8), systemd: nil)
        }
        // Measured: systemd starts a process whose value after "A=" has 131,069 bytes, and refuses one with 131,070.
        let most = String(repeating: "x", count: 131_069)
        #expect(try read("A=\(most)").variables["A"]?.utf8.count == 131_069)
        #expect(throws: EnvironmentFileError.valueTooLong(line: 2)) { try read("\nA=\(most)x\n") }
        let comment = "#" + String(repeating: " ", count: EnvironmentFile.bytesMax - 1)
        #expect(try read(comment).variables == [:])
        #expect(throws: EnvironmentFileError.tooLong) { try read(comment + " ") }
    }

    @Test func `A refusal: names the file and the line, and quotes nothing`() throws {
        let directory = try TestDirectory()
        try directory.write(Array("A=1\r\nTELEGRAM_BOT_TOKEN=1:hush".utf8) + [0xFF], to: "rivet.env")
        let error = #expect(throws: ConfigurationError.self) {
            try Settings(variables: [:]).reading(directory.path + "/rivet.env")
        }
        let text = try #require(error).description
        #expect(text.contains("RIVET_ENV_FILE") && text.contains("line 2") && text.contains("UTF-8"), "\(text)")
        #expect(!text.contains("hush") && !text.contains("\n"), "\(text)")
    }

    /// Each example in the file is also read uncommented, as an operator would set it.
    @Test func `The package's file: read the same by each version, without a warning`() throws {
        let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path + "/../../systemd/rivet.env"
        let text = try String(contentsOf: URL(fileURLWithPath: path), encoding: .utf8)
        let inForce = text.split(separator: "\n").map { line in
            line.prefixMatch(of: /#[A-Z_]+=/) == nil ? line : line.dropFirst()
        }
        for (text, count) in [(text, 0), (inForce.joined(separator: "\n"), 19)] {
            let files = try Self.versions.map { try EnvironmentFile(Array(text.utf8), systemd: $0) }
            #expect(files[0] == files[1] && files[0].warnings == [])
            #expect(files[0].variables.count == count, "\(files[0].variables.keys)")
        }
    }

    @Test func `A file with CRLF ends: each line is its own setting`() throws {
        let directory = try TestDirectory()
        try directory.write("# for us\r\nRIVET_ALLOWED_USERS=5\r\nRIVET_LOG_LEVEL=debug\r\n", to: "rivet.env")
        let settings = try Settings(variables: [:]).reading(directory.path + "/rivet.env")
        #expect(settings.string("RIVET_ALLOWED_USERS") == "5")
        #expect(try settings.logLevel() == .debug)
    }

    @Test func `A file: overrides the environment, and a setting removed from it is unset`() throws {
        let directory = try TestDirectory()
        let path = directory.path + "/rivet.env"
        try directory.write("RIVET_ALLOWED_USERS=1\nRIVET_LOG_LEVEL=debug\n", to: "rivet.env")
        // As under systemd: the file's variables are in the environment, too.
        let settings = try Settings(variables: [
            "RIVET_ENV_FILE": path, "RIVET_ALLOWED_USERS": "1", "RIVET_LOG_LEVEL": "debug", "RIVET_DURABILITY": "local",
        ]).withFile()
        try directory.write("RIVET_LOG_LEVEL=error\n", to: "rivet.env")
        let again = try settings.readAgain()
        #expect(again.string("RIVET_ALLOWED_USERS") == nil)
        #expect(try again.logLevel() == .error)
        #expect(again.string("RIVET_DURABILITY") == "local")
        #expect(again.differences(from: settings) == ["RIVET_ALLOWED_USERS", "RIVET_LOG_LEVEL"])
        try directory.write("RIVET_LOG_LEVEL=\0", to: "rivet.env")
        #expect(throws: ConfigurationError.self) { try again.readAgain() }
        #expect(throws: ConfigurationError.self) {
            try Settings(variables: ["RIVET_ENV_FILE": directory.path + "/none"]).readAgain()
        }
        // At start, systemd reads a file that the service cannot see; then the environment has its variables.
        let missing = ["RIVET_ENV_FILE": directory.path + "/none", "A": "1"]
        #expect(throws: ConfigurationError.self) { try Settings(variables: missing).withFile() }
        let underSystemd = try Settings(variables: missing.merging(["INVOCATION_ID": "x"]) { $1 }).withFile()
        #expect(underSystemd.string("A") == "1")
        try directory.write("A=\0", to: "none")
        #expect(throws: ConfigurationError.self) {
            try Settings(variables: missing.merging(["INVOCATION_ID": "x"]) { $1 }).withFile()
        }
        // Without a file nothing changes.
        #expect(try Settings(variables: ["A": "1"]).readAgain().string("A") == "1")
    }
}
