public import Contracts
import Glibc

/// A blocking connection that sends and receives raw frames, as a program in any language would.
public final class FrameClient {
    public struct Failure: Error, CustomStringConvertible {
        public var description: String

        public init(description: String) { self.description = description }
    }

    public let descriptor: Int32
    private var nextID: Int64 = 1

    /// Connects to the socket at `path`; repeats until `deadline` while no service listens there.
    public init(_ path: String, deadline: Duration = .seconds(10), receiveTimeout: Duration = .seconds(20)) throws {
        let end = ContinuousClock.now + deadline
        while true {
            let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
            guard descriptor >= 0 else { throw Failure(description: "no socket: errno \(errno)") }
            if Self.connect(descriptor, path) {
                self.descriptor = descriptor
                break
            }
            let code = errno
            close(descriptor)
            guard code == ENOENT || code == ECONNREFUSED || code == EAGAIN, .now < end else {
                throw Failure(description: "cannot connect to \(path): \(String(cString: strerror(code)))")
            }
            usleep(1_000)
        }
        var timeout = timeval(
            tv_sec: Int(receiveTimeout.components.seconds), tv_usec: Int(receiveTimeout.milliseconds % 1_000) * 1_000)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { close(descriptor) }

    private static func connect(_ descriptor: Int32, _ path: String) -> Bool {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { target in
            target.copyBytes(from: path.utf8.prefix(target.count - 1))
        }
        return withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
    }

    // MARK: Frames

    public static func frame(_ body: [UInt8]) -> [UInt8] {
        withUnsafeBytes(of: UInt32(body.count).bigEndian) { Array($0) } + body
    }

    /// A request in a frame.
    public static func request(_ method: String, _ params: [String: JSONValue], id: Int64) -> [UInt8] {
        let json: JSONValue = [
            "jsonrpc": "2.0", "id": .integer(id), "method": .string(method), "params": .object(params),
        ]
        return frame(json.serialized())
    }

    public func sendBytes(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw Failure(description: "send: \(String(cString: strerror(errno)))") }
            sent += count
        }
    }

    /// The body of the next frame; nil if the peer has closed the connection.
    public func receiveBody() throws -> [UInt8]? {
        guard let header = try receive(4) else { return nil }
        let count = header.reduce(0) { $0 << 8 | Int($1) }
        guard let body = try receive(count) else { throw Failure(description: "closed within a frame") }
        return body
    }

    private func receive(_ count: Int) throws -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        var filled = 0
        while filled < count {
            let received = bytes[filled...].withUnsafeMutableBytes { recv(descriptor, $0.baseAddress, $0.count, 0) }
            if received < 0, errno == EINTR { continue }
            if received == 0 || (received < 0 && errno == ECONNRESET) {
                guard filled == 0 else { throw Failure(description: "closed within a frame") }
                return nil
            }
            guard received > 0 else { throw Failure(description: "receive: \(String(cString: strerror(errno)))") }
            filled += received
        }
        return bytes
    }

    // MARK: Calls

    /// Sends a request without waiting for its response.
    /// - Returns: its ID.
    @discardableResult
    public func send(_ method: String, _ params: [String: JSONValue] = [:]) throws -> Int64 {
        let id = nextID
        nextID += 1
        try sendBytes(Self.request(method, params, id: id))
        return id
    }

    /// The whole next response.
    public func response() throws -> JSONValue {
        guard let body = try receiveBody() else { throw Failure(description: "closed") }
        return try JSONValue(parsing: body)
    }

    /// Makes a call and waits for its response.
    public func call(_ method: String, _ params: [String: JSONValue] = [:]) throws -> Result<JSONValue, RPCError> {
        let id = try send(method, params)
        let response = try response()
        guard response["id"]?.integerValue == id else { throw Failure(description: "an answer to another call") }
        if let error = response["error"] { return .failure(RPCError(json: error)) }
        return .success(response["result"] ?? .null)
    }

    /// Makes a call that must succeed, and returns its result.
    public func result(_ method: String, _ params: [String: JSONValue] = [:]) throws -> JSONValue {
        try call(method, params).get()
    }
}
