private import CUtf8proc
private import Glibc

extension String {
    /// The string in Unicode's Normalization Form C.
    ///
    /// A code point that is newer than `normalizationVersion` is not changed. Traps when memory is exhausted.
    public var normalizedToNFC: String {
        // ASCII text is already in this form.
        guard utf8.contains(where: { $0 >= 0x80 }) else { return self }
        var text = self
        return text.withUTF8 { utf8 in
            var output: UnsafeMutablePointer<UInt8>?
            let count = utf8proc_map(utf8.baseAddress, utf8.count, &output, rivet_utf8proc_nfc)
            guard let output, count >= 0 else {
                // A Swift string is valid UTF-8, so the only possible error is a lack of memory.
                preconditionFailure("no NFC of \(utf8.count) bytes: \(String(cString: utf8proc_errmsg(count)))")
            }
            defer { free(output) }
            return String(decoding: UnsafeBufferPointer(start: output, count: count), as: UTF8.self)
        }
    }

    /// The Unicode version that `normalizedToNFC` supports, for example `15.0.0`.
    public static var normalizationVersion: String { String(cString: utf8proc_unicode_version()) }
}
