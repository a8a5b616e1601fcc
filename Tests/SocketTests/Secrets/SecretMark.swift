import Foundation
import TestSupport

/// A random word in place of a secret, which no program prints for another reason.
///
/// Letters after `f` and digits alternate: neither words nor hexadecimal numbers look like that.
struct SecretMark: Sendable {
    static let fragmentLength = 6
    private static let letters = Array("ghjkmnpqrstvwxyz")
    private static let digits = Array("23456789")

    let word: String
    /// All parts of six characters, each as a number of six bytes.
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

    /// Calls `isWanted` with each six consecutive bytes, as a number, until it returns true.
    private static func windows(_ bytes: [UInt8], _ isWanted: (UInt64) -> Bool) {
        var window: UInt64 = 0
        for (index, byte) in bytes.enumerated() {
            window = (window << 8 | UInt64(byte)) & 0xFFFF_FFFF_FFFF
            if index >= fragmentLength - 1, isWanted(window) { return }
        }
    }

    /// Six or more characters of the mark in `text`, in any case, plain or as % escapes; nil if there are none.
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

    /// The bytes with % escapes decoded, twice: the first pass may reveal new escapes.
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
