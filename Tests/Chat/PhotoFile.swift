import Foundation

/// A photo from the disk. Its file ID is made from its content, so the same photo has the same ID.
/// In Telegram the same photo may get several file IDs.
struct PhotoFile {
    let bytes: [UInt8]
    let fileID: String

    /// - Throws: if the file does not exist, cannot be read, or is no image.
    init(path: String) throws(ChatError) {
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else {
            throw ChatError("there is no file \(path)")
        }
        guard !isDirectory.boolValue, let data = FileManager.default.contents(atPath: path) else {
            throw ChatError("cannot read \(path)")
        }
        bytes = Array(data)
        guard Self.isImage(bytes) else {
            throw ChatError("\(path) is no image; JPEG, PNG, WebP and HEIC files are accepted")
        }
        // FNV-1a: it only distinguishes photos, and needs no protection against attacks.
        let hash = bytes.reduce(UInt64(0xCBF2_9CE4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        fileID = "photo-" + String(hash, radix: 16)
    }

    /// Recognizes an image by its first bytes, as file(1) does.
    private static func isImage(_ bytes: [UInt8]) -> Bool {
        func has(_ text: [UInt8], at offset: Int) -> Bool { bytes.dropFirst(offset).starts(with: text) }
        let heic = ["heic", "heix", "mif1", "msf1", "heim", "heis"]
        return has([0xFF, 0xD8, 0xFF], at: 0) || has([0x89] + Array("PNG\r\n\u{1A}\n".utf8), at: 0)
            || has(Array("RIFF".utf8), at: 0) && has(Array("WEBP".utf8), at: 8)
            || has(Array("ftyp".utf8), at: 4) && heic.contains { has(Array($0.utf8), at: 8) }
    }
}
