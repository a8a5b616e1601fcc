import Foundation

/// A temporary directory for a test, with a path short enough for sockets. It is removed when this object is released.
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
