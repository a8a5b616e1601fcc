import Foundation

/// A directory that is gone when the last one who knows it is.
final class TemporaryDirectory: Sendable {
    let path: String

    init() throws {
        path = "/tmp/rivet-kit-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ data: Data, to name: String) throws { try data.write(to: URL(filePath: "\(path)/\(name)")) }
    func write(_ text: String, to name: String) throws { try write(Data(text.utf8), to: name) }
}
