import Glibc

/// A blocking client socket, for tests that must see the bytes themselves. Every wait ends at `timeout`.
final class RawSocket: Sendable {
    let descriptor: Int32

    struct Failure: Error, CustomStringConvertible {
        let operation: String
        let code: Int32
        var description: String { "\(operation): \(String(cString: strerror(code)))" }
    }

    init(path: String, timeoutSeconds: Int = 10) throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw Failure(operation: "socket", code: errno) }
        var timeout = timeval(tv_sec: timeoutSeconds, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0 else { throw Failure(operation: "connect", code: errno) }
    }

    deinit { close(descriptor) }

    func send(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress?.advanced(by: sent), bytes.count - sent, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw Failure(operation: "send", code: errno) }
            sent += count
        }
    }

    func send(frame body: String) throws { try send(Self.frame(body)) }

    func closeOutput() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// The body of the next frame; nil at the end of the stream.
    func readFrame() throws -> String? {
        guard let header = try read(4) else { return nil }
        let bytes = header.reduce(0) { $0 << 8 | Int($1) }
        guard let body = try read(bytes) else { throw Failure(operation: "frame cut short", code: ECONNRESET) }
        return String(decoding: body, as: UTF8.self)
    }

    /// Exactly `count` bytes; nil when the stream ends before the first of them.
    func read(_ count: Int) throws -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        var received = 0
        while received < count {
            let result = bytes.withUnsafeMutableBytes {
                recv(descriptor, $0.baseAddress?.advanced(by: received), count - received, 0)
            }
            if result == 0, received == 0 { return nil }
            guard result > 0 else { throw Failure(operation: "recv", code: result == 0 ? ECONNRESET : errno) }
            received += result
        }
        return bytes
    }

    static func frame(_ body: String) -> [UInt8] { header(UInt32(body.utf8.count)) + body.utf8 }

    static func header(_ bodyBytes: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: bodyBytes >> $0) }
    }
}
