import Glibc

/// Reads a file of any size, but no more than a given number of bytes.
enum BoundedFile {
    struct Failure: Error {
        /// An `errno`.
        var code: Int32
        var reason: String { String(cString: strerror(code)) }
    }

    private static let chunkBytes = 65_536

    /// The first `bytesMax` bytes; one more byte if the file is longer.
    static func bytes(_ path: String, bytesMax: Int) throws(Failure) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY)
        guard descriptor >= 0 else { throw Failure(code: errno) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: chunkBytes)
        while bytes.count <= bytesMax {
            let count = read(descriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw Failure(code: errno) }
            if count == 0 { break }
            bytes += chunk[..<count]
        }
        return Array(bytes.prefix(bytesMax + 1))
    }
}
