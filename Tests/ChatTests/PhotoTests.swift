import Foundation
import TestSupport
import Testing

@testable import Chat

/// The command `/photo`, with its paths and files.
@Suite struct PhotoTests {
    @Test func `A path: expanded as by a shell`() throws {
        let directory = try TestDirectory()
        try directory.write("", to: "it's here.jpg")
        let plain = "\(directory.path)/it's here.jpg"
        #expect(ShellPath.expanded(plain) == plain)
        #expect(ShellPath.expanded("'/a b.jpg'") == "/a b.jpg")
        #expect(ShellPath.expanded("\"/a b.jpg\" ") == "/a b.jpg")
        #expect(ShellPath.expanded("/a\\ b.jpg") == "/a b.jpg")
        #expect(ShellPath.expanded("~/x.jpg") == NSHomeDirectory() + "/x.jpg")
        #expect(ShellPath.expanded("") == "")
    }

    @Test(
        arguments: [
            [0xFF, 0xD8, 0xFF, 0xE0], [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0],
            Array("RIFF1234WEBPVP8 ".utf8), [0, 0, 0, 24] + Array("ftypheic".utf8),
        ] as [[UInt8]]) func `An image: accepted, and the same file has the same ID`(_ bytes: [UInt8]) throws
    {
        let directory = try TestDirectory()
        try directory.write(bytes, to: "photo")
        let photo = try PhotoFile(path: "\(directory.path)/photo")
        #expect(photo.bytes == bytes)
        #expect(try photo.fileID == PhotoFile(path: "\(directory.path)/photo").fileID)
    }

    @Test(arguments: ["", "root:x:0:0", "GIF89a", "RIFF1234WAVE", "ftypheic"])
    func `A file that is no image: refused with the accepted kinds`(_ text: String) throws {
        let directory = try TestDirectory()
        try directory.write(text, to: "file")
        let error = #expect(throws: ChatError.self) { try PhotoFile(path: "\(directory.path)/file") }
        #expect(error?.description.contains("is no image; JPEG, PNG, WebP and HEIC") == true)
    }

    @Test func `A file that does not exist: reported`() {
        let error = #expect(throws: ChatError.self) { try PhotoFile(path: "/nowhere/photo.jpg") }
        #expect(error?.description == "there is no file /nowhere/photo.jpg")
    }
}
