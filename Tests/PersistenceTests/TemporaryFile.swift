import Foundation
import TestSupport

/// A path in a new directory, which is deleted with this object.
final class TemporaryFile {
    private let directory: TestDirectory
    let path: String

    init(_ name: String = "test.db") throws {
        directory = try TestDirectory()
        path = directory.path + "/" + name
    }
}

func makeDirectory(of path: String) throws {
    try FileManager.default.createDirectory(
        atPath: URL(fileURLWithPath: path).deletingLastPathComponent().path, withIntermediateDirectories: true)
}
