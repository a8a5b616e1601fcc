import Contracts
import NIOCore
import NIOHTTP1

/// A response on its way to the client.
struct HTTPResponse: Sendable {
    /// The part of it that arrives.
    enum Delivery: Sendable {
        case whole
        /// Nothing; the connection is closed.
        case none
        /// The head and half of the body; then the connection is closed.
        case cutShort
    }

    var status: Int
    var contentType = "application/json"
    var body: [UInt8]
    var delivery = Delivery.whole

    static let lost = HTTPResponse(status: 0, body: [], delivery: .none)

    static func json(_ value: JSONValue, status: Int = 200) -> HTTPResponse {
        HTTPResponse(status: status, body: value.serialized())
    }

    /// The web page of a proxy.
    private static func page(status: Int) -> HTTPResponse {
        let page = "<html><head><title>\(status)</title></head><body><center>nginx</center></body></html>"
        return HTTPResponse(status: status, contentType: "text/html", body: Array(page.utf8))
    }

    static func reply(_ reply: APIReply) -> HTTPResponse { .json(reply.envelope, status: reply.status) }

    /// The response of a `fault` that keeps the call from taking effect; nil if the call takes effect.
    static func refusal(by fault: SimulatedFault) -> HTTPResponse? {
        switch fault {
        case .status(let code, let description, let retryAfterSeconds):
            var error = APIError(code: code, description: description)
            if let retryAfterSeconds { error.parameters["retry_after"] = .integer(Int64(retryAfterSeconds)) }
            return .reply(.error(error))
        case .proxyError(let code):
            return .page(status: code)
        case .closeBeforeReading, .hang: return .lost
        case .closeAfterProcessing, .delay, .garbage, .truncated, .badGatewayAfterProcessing: return nil
        }
    }

    /// This response after `fault` has damaged it on its way.
    func spoiled(by fault: SimulatedFault?) -> HTTPResponse {
        var response = self
        switch fault {
        case .badGatewayAfterProcessing: response = .page(status: 502)
        case .closeAfterProcessing: response.delivery = .none
        case .truncated: response.delivery = .cutShort
        case .garbage: response.body = Array("<!doctype html>{\"ok\":tru".utf8)
        default: break
        }
        return response
    }

    func head(version: HTTPVersion) -> HTTPResponseHead {
        var headers = HTTPHeaders()
        headers.add(name: "content-type", value: contentType)
        headers.add(name: "content-length", value: String(body.count))
        return HTTPResponseHead(version: version, status: HTTPResponseStatus(statusCode: status), headers: headers)
    }
}
