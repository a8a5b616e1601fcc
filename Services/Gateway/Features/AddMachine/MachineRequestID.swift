/// The `request_id` under which a conversation's machine is added: the same conversation, the same id, always.
///
/// A UUID of version 8 (RFC 9562 §5.8), made of the 128-bit FNV-1a hash of user id, chat id and tag.
enum MachineRequestID {
    private static let offsetBasis: UInt128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d
    private static let prime: UInt128 = 0x0000_0000_0100_0000_0000_0000_0000_013b

    static func make(userID: String, chatID: String, tag: String) -> String {
        var hash = fnv1a(userID.utf8)
        // A zero byte separates the parts; no part contains one.
        for part in [chatID, tag] { hash = fnv1a(part.utf8, from: fnv1a(CollectionOfOne(0), from: hash)) }
        return uuid(hash)
    }

    static func fnv1a(_ bytes: some Sequence<UInt8>, from start: UInt128 = offsetBasis) -> UInt128 {
        bytes.reduce(start) { ($0 ^ UInt128($1)) &* prime }
    }

    static func uuid(_ hash: UInt128) -> String {
        let version = (hash & ~(0xF << 76)) | (8 << 76)
        let marked = (version & ~(0b11 << 62)) | (0b10 << 62)
        let digits = String(marked, radix: 16)
        let padded = Array(String(repeating: "0", count: 32 - digits.count) + digits)
        return [0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map { String(padded[$0]) }.joined(separator: "-")
    }
}
