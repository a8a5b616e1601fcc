import Foundation
import Glibc
import Synchronization

/// Accepts connections on 127.0.0.1, and serves each on a separate thread.
public final class LoopbackListener: Sendable {
    public let port: UInt16
    private let isEnded = Mutex(false)

    /// - Parameter serve: reads from and writes to the connection's descriptor, which is closed after it returns. A
    ///   read ends after five seconds without data.
    public init(_ serve: @escaping @Sendable (Int32) -> Void) throws {
        let (listener, port) = try listeningSocket(port: 0)
        self.port = port
        Thread.detachNewThread { [weak self] in
            while true {
                var descriptor = pollfd(fd: listener, events: Int16(POLLIN), revents: 0)
                _ = poll(&descriptor, 1, 50)
                guard let self, !self.isEnded.withLock({ $0 }) else { break }
                let accepted = accept(listener, nil, nil)
                guard accepted >= 0 else { continue }
                _ = fcntl(accepted, F_SETFD, FD_CLOEXEC)
                var patience = timeval(tv_sec: 5, tv_usec: 0)
                setsockopt(accepted, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
                Thread.detachNewThread {
                    serve(accepted)
                    close(accepted)
                }
            }
            close(listener)
        }
    }

    public func end() { isEnded.withLock { $0 = true } }

    /// The next bytes from the peer; nil at the end.
    public static func read(_ descriptor: Int32, bytesMax: Int = 65_536) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: bytesMax)
        let count = recv(descriptor, &bytes, bytesMax, 0)
        return count > 0 ? Array(bytes.prefix(count)) : nil
    }

    /// Exactly `count` bytes; nil if the peer ends before.
    public static func read(_ descriptor: Int32, exactly count: Int) -> [UInt8]? {
        var bytes: [UInt8] = []
        while bytes.count < count {
            guard let more = read(descriptor, bytesMax: count - bytes.count) else { return nil }
            bytes += more
        }
        return bytes
    }

    public static func write(_ bytes: [UInt8], to descriptor: Int32) {
        _ = send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    }
}
