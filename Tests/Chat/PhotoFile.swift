import Foundation

/// A photo from the disk. Its file id is made from its content, so the same photo has the same id, as with Telegram.
struct PhotoFile {
    let bytes: [UInt8]
    let fileID: String

    init(path: String) throws(ChatError) {
        var isDirectory: ObjCBool = false
        guard !path.isEmpty, FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else {
            throw ChatError("there is no file \(path)")
        }
        guard !isDirectory.boolValue, let data = FileManager.default.contents(atPath: path) else {
            throw ChatError("cannot read \(path)")
        }
        bytes = Array(data)
        // FNV-1a: needs to tell photos apart, not to withstand anyone.
        let hash = bytes.reduce(UInt64(0xCBF2_9CE4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        fileID = "photo-" + String(hash, radix: 16)
    }
}
