import Foundation
import Glibc
import TestSupport

/// The floor of a call: one frame in each direction over a Unix stream socket, between two threads without other work.
final class BareEcho {
    private let client: FrameClient
    private let listener: Int32

    /// - Parameter answer: the response to each frame.
    init(path: String, answer: [UInt8]) throws {
        let listener = try Self.listen(path)
        self.listener = listener
        let frame = FrameClient.frame(answer)
        let thread = Thread {
            let connection = accept(listener, nil, nil)
            var buffer = [UInt8](repeating: 0, count: 65_536)
            while recv(connection, &buffer, buffer.count, 0) > 0 {
                _ = send(connection, frame, frame.count, Int32(MSG_NOSIGNAL))
            }
            close(connection)
        }
        thread.start()
        client = try FrameClient(path)
    }

    deinit { close(listener) }

    func roundTrip(_ frame: [UInt8]) throws {
        try client.sendBytes(frame)
        _ = try client.receiveBody()
    }

    private static func listen(_ path: String) throws -> Int32 {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
        let code = withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard code == 0, Glibc.listen(descriptor, 8) == 0 else {
            throw FloorFailure(message: "cannot listen on \(path)")
        }
        return descriptor
    }

    struct FloorFailure: Error { var message: String }
}
