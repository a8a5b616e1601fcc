import Foundation

/// A directory of a test's own, short enough for socket paths, that goes with it.
public final class TestDirectory: Sendable {
    public let path: String

    public init() throws {
        let name = UUID().uuidString.prefix(8).lowercased()
        path = "/tmp/rivet-\(name)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    public func write(_ text: String, to name: String) throws { try write(Array(text.utf8), to: name) }

    public func write(_ bytes: [UInt8], to name: String) throws {
        try Data(bytes).write(to: URL(filePath: "\(path)/\(name)"))
    }
}
