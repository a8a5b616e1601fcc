import Foundation
import TestSupport

/// A random word that stands where a secret does, and that no program says by itself.
///
/// Letters past `f` and digits in turn: neither words nor hexadecimal numbers look like that.
struct SecretMark: Sendable {
    static let fragmentLength = 6
    private static let letters = Array("ghjkmnpqrstvwxyz")
    private static let digits = Array("23456789")

    let word: String
    /// Each as a number of six bytes.
    private let fragments: Set<UInt64>

    init(using random: inout SeededGenerator) {
        var word = ""
        for _ in 0..<12 {
            word.append(Self.letters.randomElement(using: &random) ?? "g")
            word.append(Self.digits.randomElement(using: &random) ?? "2")
        }
        self.word = word
        var fragments: Set<UInt64> = []
        Self.windows(Array(word.utf8)) { window in
            fragments.insert(window)
            return false
        }
        self.fragments = fragments
    }

    /// Calls `isWanted` with each six bytes in a row, as a number, until it is true.
    private static func windows(_ bytes: [UInt8], _ isWanted: (UInt64) -> Bool) {
        var window: UInt64 = 0
        for (index, byte) in bytes.enumerated() {
            window = (window << 8 | UInt64(byte)) & 0xFFFF_FFFF_FFFF
            if index >= fragmentLength - 1, isWanted(window) { return }
        }
    }

    /// Six characters of it or more that are in `text`, in whatever case, as they are or as % escapes; nil when there are none.
    func trace(in text: some Sequence<UInt8>) -> String? {
        let bytes = text.map(Self.small)
        for form in [bytes, Self.decoded(bytes)] {
            var found: String?
            Self.windows(form) { window in
                guard fragments.contains(window) else { return false }
                let bytes = (0..<Self.fragmentLength).reversed().map { UInt8(truncatingIfNeeded: window >> ($0 * 8)) }
                found = String(decoding: bytes, as: UTF8.self)
                return true
            }
            if let found { return found }
        }
        return nil
    }

    private static func small(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte + 32 : byte
    }

    /// Without % escapes, once more without those that come up by that.
    private static func decoded(_ bytes: [UInt8]) -> [UInt8] {
        guard bytes.contains(UInt8(ascii: "%")) else { return bytes }
        var bytes = bytes
        for _ in 0..<2 {
            var next: [UInt8] = []
            var index = 0
            while index < bytes.count {
                if bytes[index] == UInt8(ascii: "%"), index + 2 < bytes.count,
                    let value = UInt8(String(decoding: bytes[(index + 1)...(index + 2)], as: UTF8.self), radix: 16)
                {
                    next.append(small(value))
                    index += 3
                } else {
                    next.append(bytes[index])
                    index += 1
                }
            }
            bytes = next
        }
        return bytes
    }
}
