import Glibc
import Threads

/// The lines of a pipe, a FIFO or a file, read on a separate thread, since reading blocks.
enum LineReader {
    /// The lines of `descriptor`, without their ends, until it ends. Bytes that are not UTF-8 are replaced.
    static func lines(of descriptor: Int32) throws(ThreadError) -> AsyncStream<String> {
        let (lines, continuation) = AsyncStream<String>.makeStream()
        try NamedThread.start("lines") {
            var rest: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 4_096)
            while true {
                let count = read(descriptor, &buffer, buffer.count)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { break }
                rest += buffer[..<count]
                while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                    continuation.yield(String(decoding: rest[..<end], as: UTF8.self))
                    rest.removeSubrange(...end)
                }
            }
            if !rest.isEmpty { continuation.yield(String(decoding: rest, as: UTF8.self)) }
            continuation.finish()
        }
        return lines
    }
}
