import CCrypto
import Glibc

/// The SHA-256 of a file, by libcrypto.
struct FileDigest: ~Copyable {
    private static let chunkBytes = 1 << 20

    private let context: OpaquePointer

    private init?() {
        guard let context = EVP_MD_CTX_new() else { return nil }
        self.context = context
    }

    deinit { EVP_MD_CTX_free(context) }

    /// In hexadecimal, lower case, as sha256sum(1) prints it.
    ///
    /// - Parameter body: receives each piece of the file, in order.
    /// - Throws: when the file cannot be read, or when `body` throws.
    static func sha256(
        of descriptor: Int32, _ path: String, _ body: (UnsafeRawBufferPointer) throws(CommandFailure) -> Void = { _ in }
    ) throws(CommandFailure) -> String {
        guard let digest = FileDigest(), EVP_DigestInit_ex(digest.context, EVP_sha256(), nil) == 1 else {
            throw CommandFailure("libcrypto offers no SHA-256 here")
        }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: chunkBytes, alignment: 4_096)
        defer { buffer.deallocate() }
        while true {
            let count = read(descriptor, buffer.baseAddress, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw FileFailure.of(path, errno) }
            if count == 0 { break }
            let piece = UnsafeRawBufferPointer(rebasing: buffer[..<count])
            guard EVP_DigestUpdate(digest.context, piece.baseAddress, piece.count) == 1 else {
                throw CommandFailure("libcrypto could not compute a SHA-256")
            }
            try body(piece)
        }
        var result = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var length: UInt32 = 0
        guard EVP_DigestFinal_ex(digest.context, &result, &length) == 1 else {
            throw CommandFailure("libcrypto could not complete a SHA-256")
        }
        return result[..<Int(length)].map { byte in
            let digits = String(byte, radix: 16)
            return byte < 16 ? "0" + digits : digits
        }.joined()
    }

    static func sha256(of path: String) throws(CommandFailure) -> String {
        let file = try OpenFile(path, O_RDONLY)
        return try sha256(of: file.descriptor, path)
    }
}
