import Foundation
import Glibc
import ServiceKit
import TestSupport
import Testing

@Suite struct DurableFileTests {
    @Test func `A file: replaced whole, with mode 0600, and nothing is left beside it`() throws {
        let directory = try TestDirectory()
        let path = directory.path + "/note"
        #expect(try DurableFile.read(path, bytesMax: 10) == nil)
        for content in ["one", "", "three"] {
            try DurableFile.replace(path, with: Array(content.utf8))
            #expect(try DurableFile.read(path, bytesMax: 10) == Array(content.utf8))
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["note"])
        var file = stat()
        #expect(stat(path, &file) == 0 && file.st_mode & 0o777 == 0o600)
    }

    @Test func `A link where the new content is written: not followed`() throws {
        let directory = try TestDirectory()
        let (path, other) = (directory.path + "/note", directory.path + "/other")
        try directory.write("mine", to: "other")
        #expect(symlink(other, DurableFile.freshPath(path)) == 0)
        try DurableFile.replace(path, with: Array("new".utf8))
        #expect(try DurableFile.read(other, bytesMax: 10) == Array("mine".utf8))
        #expect(try DurableFile.read(path, bytesMax: 10) == Array("new".utf8))
    }

    @Test func `A file too long, no regular file, or in no directory: reported with path and cause`() throws {
        let directory = try TestDirectory()
        try directory.write("12345", to: "long")
        for (path, cause) in [(directory.path + "/long", "File too large"), (directory.path, "Is a directory")] {
            let error = #expect(throws: DurableFile.Failure.self) { try DurableFile.read(path, bytesMax: 4) }
            #expect(error?.description == "\(path): \(cause)")
        }
        let nowhere = directory.path + "/none/note"
        let error = #expect(throws: DurableFile.Failure.self) { try DurableFile.replace(nowhere, with: []) }
        #expect(error?.description == "\(nowhere).new: No such file or directory")
    }

    /// A directory has the name of the file: the rename fails, and the earlier content (here the directory) stays.
    @Test func `A replacement that fails: leaves nothing behind`() throws {
        let directory = try TestDirectory()
        let path = directory.path + "/note"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        #expect(throws: DurableFile.Failure.self) { try DurableFile.replace(path, with: [1]) }
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["note"])
    }
}
