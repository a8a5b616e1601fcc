import Foundation

/// A text file of the repository.
struct SourceFile: Sendable {
    /// From the root of the repository: `Shared/Wire/Framing/FrameDecoder.swift`.
    var path: String
    var lines: [String]

    init(path: String, _ text: String) {
        self.path = path
        lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    var name: String { path.split(separator: "/").last.map(String.init) ?? path }
    var isTest: Bool { path.hasPrefix("Tests/") }
}

/// The files of the repository, read once.
enum Repository {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// The Swift sources, in the order of their paths.
    static let swift: [SourceFile] = ["Services", "Shared", "Tests", "migrations"].flatMap { files(below: $0, "swift") }

    static func text(_ path: String) throws -> String {
        try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }

    static func names(in folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: root.appending(path: folder).path).sorted()
    }

    private static func files(below folder: String, _ type: String) -> [SourceFile] {
        let enumerator = FileManager.default.enumerator(atPath: root.appending(path: folder).path)
        let paths = (enumerator?.compactMap { $0 as? String } ?? []).filter { $0.hasSuffix("." + type) }.sorted()
        return paths.compactMap { path in
            (try? text("\(folder)/\(path)")).map { SourceFile(path: "\(folder)/\(path)", $0) }
        }
    }
}
