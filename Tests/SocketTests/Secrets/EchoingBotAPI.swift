import Foundation
import Synchronization
import TestSupport

/// A server for `TELEGRAM_API_URL` that records each request and quotes its path in responses of every status.
///
/// Unlike Telegram it checks no token, knows no methods, keeps no state, and closes each connection after one response.
/// It reads bodies only by their `Content-Length`.
final class EchoingBotAPI: Sendable {
    private final class Shared: Sendable {
        let state = Mutex<(status: Int, requests: [Request])>((403, []))
    }

    struct Request: Sendable {
        var path: String
        /// Headers and body.
        var rest: String
    }

    static let statuses = [400, 403, 409, 401, 200, 429, 502]

    private let shared = Shared()
    private let listener: LoopbackListener

    var url: String { "http://127.0.0.1:\(listener.port)" }

    init() throws { listener = try LoopbackListener { [shared] in EchoingBotAPI.serve($0, shared) } }

    deinit { listener.end() }

    func set(status: Int) { shared.state.withLock { $0.status = status } }

    func takeRequests() -> [Request] {
        shared.state.withLock { state in
            defer { state.requests = [] }
            return state.requests
        }
    }

    private static func serve(_ descriptor: Int32, _ shared: Shared) {
        var text = ""
        while !text.contains("\r\n\r\n") || text.utf8.count < length(text) {
            guard let more = LoopbackListener.read(descriptor) else { break }
            text += String(decoding: more, as: UTF8.self)
        }
        let line = text.prefix { !$0.isNewline }
        let path = String(line.split(separator: " ").dropFirst().first ?? "")
        let status = shared.state.withLock { state in
            state.requests.append(Request(path: path, rest: String(text.dropFirst(line.count))))
            return state.status
        }
        let said = "seen \(path) and \(path.split(separator: ":").last ?? "")"
        // A result quotes the request, too: as a bot's description.
        let body =
            #"{"ok":\#(status == 200),"error_code":\#(status),"description":"\#(said)","#
            + #""result":{"id":1,"is_bot":true,"first_name":"x","description":"\#(said)"}}"#
        LoopbackListener.write(
            Array(
                "HTTP/1.1 \(status) x\r\nContent-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n\(body)".utf8),
            to: descriptor)
    }

    /// The length of the whole request in bytes, by its `Content-Length` field; 0 while the head is incomplete.
    private static func length(_ text: String) -> Int {
        guard let head = text.range(of: "\r\n\r\n"),
            let field = text.lowercased().range(of: "content-length: ")
        else { return 0 }
        let count = Int(text[field.upperBound...].prefix { $0.isNumber }) ?? 0
        return text[..<head.upperBound].utf8.count + count
    }
}
