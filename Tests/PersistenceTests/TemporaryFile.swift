import Foundation

/// A path in a directory of its own, which goes with it.
final class TemporaryFile {
    let path: String
    private let directory: String

    init(_ name: String = "test.db") throws {
        directory = NSTemporaryDirectory() + "rivet-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false)
        path = directory + "/" + name
    }

    deinit { try? FileManager.default.removeItem(atPath: directory) }
}

func makeDirectory(of path: String) throws {
    try FileManager.default.createDirectory(
        atPath: URL(fileURLWithPath: path).deletingLastPathComponent().path, withIntermediateDirectories: true)
}
