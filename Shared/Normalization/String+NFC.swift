private import CUtf8proc
private import Glibc

extension String {
    /// The string in Unicode's Normalization Form C.
    ///
    /// A code point that is newer than `normalizationVersion` stays as it is. Traps when there is no memory left.
    public var normalizedToNFC: String {
        // ASCII is in this form already.
        guard utf8.contains(where: { $0 >= 0x80 }) else { return self }
        var text = self
        return text.withUTF8 { utf8 in
            var output: UnsafeMutablePointer<UInt8>?
            let count = utf8proc_map(utf8.baseAddress, utf8.count, &output, rivet_utf8proc_nfc)
            guard let output, count >= 0 else {
                // A Swift string is valid UTF-8, which leaves no other error than a lack of memory.
                preconditionFailure("no NFC of \(utf8.count) bytes: \(String(cString: utf8proc_errmsg(count)))")
            }
            defer { free(output) }
            return String(decoding: UnsafeBufferPointer(start: output, count: count), as: UTF8.self)
        }
    }

    /// The version of Unicode that `normalizedToNFC` knows: `15.0.0`.
    public static var normalizationVersion: String { String(cString: utf8proc_unicode_version()) }
}
