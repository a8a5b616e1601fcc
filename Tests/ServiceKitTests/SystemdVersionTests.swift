import Foundation
import ServiceKit
import TestSupport
import Testing

@Suite struct SystemdVersionTests {
    private static let booted = "run/systemd/system/x"

    /// The version found in a root that has only these files.
    private static func version(_ files: [String]) throws -> Int? {
        let root = try TestDirectory()
        for file in files {
            let path = URL(fileURLWithPath: "\(root.path)/\(file)")
            try FileManager.default.createDirectory(
                at: path.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data().write(to: path)
        }
        return SystemdVersion.running(below: root.path)?.number
    }

    @Test(arguments: [
        ("usr/lib/x86_64-linux-gnu/systemd/libsystemd-shared-252.so", 252),
        ("usr/lib/aarch64-linux-gnu/systemd/libsystemd-shared-257.so", 257),
        ("usr/lib/systemd/libsystemd-shared-255.4-2.so", 255),
        ("usr/lib64/systemd/libsystemd-shared-253.12-1.fc38.so", 253),
        ("lib/systemd/libsystemd-shared-247.so", 247),
    ])
    func `The version: found in the name of systemd's own library`(_ library: String, _ number: Int) throws {
        #expect(try Self.version([Self.booted, library]) == number)
    }

    @Test func `The version: unknown where systemd does not run or has no library`() throws {
        let library = "usr/lib/systemd/libsystemd-shared-252.so"
        #expect(try Self.version([library]) == nil)
        #expect(try Self.version([Self.booted]) == nil)
        #expect(try Self.version([Self.booted, "usr/lib/systemd/libsystemd-shared-.so"]) == nil)
        #expect(try Self.version([Self.booted, "usr/lib/systemd/libsystemd-core-252.so"]) == nil)
    }

    @Test func `The version: the higher one while systemd is being upgraded`() throws {
        let libraries = ["252", "257"].map { "usr/lib/systemd/libsystemd-shared-\($0).so" }
        #expect(try Self.version([Self.booted] + libraries) == 257)
    }
}
