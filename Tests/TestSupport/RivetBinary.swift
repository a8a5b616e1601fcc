import Foundation

/// The programs under test, where the build put them: beside the running program.
public enum RivetBinary: String, Sendable, CaseIterable {
    case gateway = "rivet-gateway"
    case state = "rivet-state"
    case library = "rivet-library"
    case control = "rivetctl"
    case chat = "rivet-chat"

    /// `RIVET_BIN_DIR` if it is set, else the directory of this program (for tests, that of the test bundle).
    public var path: String { Self.directory + "/" + rawValue }

    private static var directory: String {
        if let directory = ProcessInfo.processInfo.environment["RIVET_BIN_DIR"] { return directory }
        // Under `swift test` the running program is SwiftPM's helper, and the bundle is its first path argument.
        for argument in CommandLine.arguments where argument.hasSuffix(".xctest") {
            return URL(fileURLWithPath: argument).deletingLastPathComponent().path
        }
        let own =
            (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
        return URL(fileURLWithPath: own).deletingLastPathComponent().path
    }
}
