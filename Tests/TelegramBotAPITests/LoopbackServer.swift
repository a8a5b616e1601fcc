import Foundation
import Glibc
import Synchronization

/// A small HTTP/1.1 server on 127.0.0.1 that responds, or misbehaves, as a test says. One thread for each connection.
///
/// Unlike a real server it has no TLS, no chunked bodies, no `Expect: 100-continue`, and no limit on the size of a
/// request. It understands only bodies with `Content-Length`, and it never closes an idle connection.
final class LoopbackServer: Sendable {
    struct Request: Sendable {
        /// From 1, in the order of acceptance.
        var connection: Int
        var path: String
        var body: String
    }

    enum Reply: Sendable {
        case http(status: Int, body: String, contentLength: Int? = nil)
        /// Closes with RST, without a response.
        case reset
        /// Closes with FIN, without a response.
        case close
        /// Never responds, and waits until the client closes the connection.
        case hold
        /// Announces a long body and sends a byte of it every 5 ms until the client closes the connection.
        case trickle
        case raw(String)

        static func ok(_ result: String) -> Reply { .http(status: 200, body: #"{"ok":true,"result":\#(result)}"#) }
    }

    private struct State {
        var requests: [Request] = []
        var connections = 0
        var gone = 0
        var waiters: [(isMet: @Sendable (Int, Int) -> Bool, continuation: CheckedContinuation<Void, Never>)] = []
    }

    let port: UInt16
    private let listener: Int32
    private let resetsAtAccept: Bool
    private let respond: @Sendable (Request) -> Reply
    private let state = Mutex(State())

    var url: String { "http://127.0.0.1:\(port)" }
    var requests: [Request] { state.withLock { $0.requests } }

    init(resetsAtAccept: Bool = false, _ respond: @escaping @Sendable (Request) -> Reply) throws {
        let (listener, port) = try Self.listen()
        self.listener = listener
        self.port = port
        self.resetsAtAccept = resetsAtAccept
        self.respond = respond
        Thread.detachNewThread { [self] in acceptLoop() }
    }

    /// Ends the accepting thread. Connections end when their clients close them.
    func stop() { shutdown(listener, Int32(SHUT_RDWR)) }

    /// Returns after `requests` requests were read and `gone` connections were found closed by the client.
    func reached(requests: Int = 0, gone: Int = 0) async {
        await withCheckedContinuation { continuation in
            let isMet = state.withLock { state in
                if state.requests.count >= requests && state.gone >= gone { return true }
                state.waiters.append(({ $0 >= requests && $1 >= gone }, continuation))
                return false
            }
            if isMet { continuation.resume() }
        }
    }

    /// A port on which no program listens.
    static func closedPort() throws -> UInt16 {
        let (descriptor, port) = try listen()
        Glibc.close(descriptor)
        return port
    }

    private static func listen() throws -> (Int32, UInt16) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(descriptor, address, size) == 0 && Glibc.listen(descriptor, 64) == 0
                    ? getsockname(descriptor, address, &size) : -1
            }
        }
        guard code == 0 else { throw CocoaError(.fileReadUnknown) }
        return (descriptor, UInt16(bigEndian: address.sin_port))
    }

    private func acceptLoop() {
        while true {
            let descriptor = accept(listener, nil, nil)
            guard descriptor >= 0 else { break }
            if resetsAtAccept {
                reset(descriptor)
                continue
            }
            let number = state.withLock { state in
                state.connections += 1
                return state.connections
            }
            Thread.detachNewThread { [self] in serve(descriptor, number) }
        }
        Glibc.close(listener)
    }

    private func serve(_ descriptor: Int32, _ number: Int) {
        var pending = Data()
        while let request = readRequest(descriptor, number, &pending) {
            note { $0.requests.append(request) }
            switch respond(request) {
            case .http(let status, let body, let contentLength):
                let length = contentLength ?? body.utf8.count
                write(descriptor, "HTTP/1.1 \(status) X\r\nContent-Length: \(length)\r\n\r\n\(body)")
                if length != body.utf8.count {
                    Glibc.close(descriptor)
                    return
                }
            case .raw(let text): write(descriptor, text)
            case .reset:
                reset(descriptor)
                return
            case .close:
                Glibc.close(descriptor)
                return
            case .hold: break
            case .trickle:
                write(descriptor, "HTTP/1.1 200 X\r\nContent-Length: 1000000\r\n\r\n")
                var poller = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
                while poll(&poller, 1, 5) == 0 { write(descriptor, "x") }
            }
        }
        note { $0.gone += 1 }
        Glibc.close(descriptor)
    }

    private func note(_ change: (inout State) -> Void) {
        let met = state.withLock { state in
            change(&state)
            let (requests, gone) = (state.requests.count, state.gone)
            let met = state.waiters.filter { $0.isMet(requests, gone) }.map(\.continuation)
            state.waiters.removeAll { $0.isMet(requests, gone) }
            return met
        }
        for continuation in met { continuation.resume() }
    }

    private func readRequest(_ descriptor: Int32, _ number: Int, _ pending: inout Data) -> Request? {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            if let end = pending.range(of: Data("\r\n\r\n".utf8)) {
                let head = String(decoding: pending[pending.startIndex..<end.lowerBound], as: UTF8.self)
                let lines = head.components(separatedBy: "\r\n")
                let length =
                    lines.first { $0.lowercased().hasPrefix("content-length:") }
                    .flatMap { Int($0.dropFirst(15).trimmingCharacters(in: .whitespaces)) } ?? 0
                if pending.distance(from: end.upperBound, to: pending.endIndex) >= length {
                    let body = pending[end.upperBound..<end.upperBound + length]
                    pending = Data(pending[(end.upperBound + length)...])
                    return Request(
                        connection: number, path: lines[0].components(separatedBy: " ")[1],
                        body: String(decoding: body, as: UTF8.self))
                }
            }
            let count = read(descriptor, &buffer, buffer.count)
            guard count > 0 else { return nil }
            pending.append(contentsOf: buffer[..<count])
        }
    }

    private func write(_ descriptor: Int32, _ text: String) {
        let bytes = Array(text.utf8)
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            sent += count
        }
    }

    private func reset(_ descriptor: Int32) {
        var option = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
        Glibc.close(descriptor)
    }
}
