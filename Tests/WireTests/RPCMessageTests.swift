import Contracts
import NIOCore
import Testing

@testable import Wire

@Suite struct RPCMessageTests {
    private func failure(_ body: String) -> InvalidMessage? {
        do {
            _ = try RPCMessage(parsing: ByteBuffer(string: body))
            return nil
        } catch {
            return error
        }
    }

    @Test(arguments: ["\"a\"", "7", "-3", "null", "1.5", "12345678901234567890", "\"\""])
    func `A request's ID: echoed as it was spelled`(_ id: String) throws {
        let message = try RPCMessage(parsing: ByteBuffer(string: #"{"jsonrpc":"2.0","method":"m","id":\#(id)}"#))
        guard case .request(let parsed, "m", [:]) = message else { return #expect(Bool(false), "\(message)") }
        var frame = FrameEncoder.response(to: parsed, .success(true))
        frame.moveReaderIndex(forwardBy: 4)
        #expect(String(buffer: frame) == #"{"jsonrpc":"2.0","id":\#(id),"result":true}"#)
    }

    @Test func `A request without an ID: a notification`() throws {
        let message = try RPCMessage(parsing: ByteBuffer(string: #"{"jsonrpc":"2.0","method":"m","params":{"a":1}}"#))
        #expect(message == .notification(method: "m", params: ["a": 1]))
    }

    @Test(arguments: ["", "{", "nonsense", "{\"a\":\"\u{1}\"}", "{} {}"])
    func `A body that is no JSON: a parse error with a null ID`(_ body: String) {
        #expect(failure(body)?.error.code == .parseError)
        #expect(failure(body)?.answeredID == .null)
    }

    @Test(arguments: [
        ("1", "null"), ("[]", "null"), (#"[{"jsonrpc":"2.0","id":1,"method":"m"}]"#, "null"), ("{}", "null"),
        (#"{"id":1,"method":"m"}"#, "1"), (#"{"jsonrpc":"1.0","id":1,"method":"m"}"#, "1"),
        (#"{"jsonrpc":2.0,"id":"x","method":"m"}"#, "\"x\""), (#"{"jsonrpc":"2.0","id":1,"method":1}"#, "1"),
        (#"{"jsonrpc":"2.0","id":1}"#, "1"), (#"{"jsonrpc":"2.0","method":1}"#, "null"),
        (#"{"jsonrpc":"2.0","id":{},"method":"m"}"#, "null"), (#"{"jsonrpc":"2.0","id":[1],"method":"m"}"#, "null"),
        (#"{"jsonrpc":"2.0","id":true,"method":"m"}"#, "null"),
    ])
    func `A message that is no request: invalid`(_ body: String, _ id: String) {
        #expect(failure(body)?.error.code == .invalidRequest)
        #expect(failure(body)?.answeredID?.json.text == id)
    }

    @Test(arguments: ["[]", "null", "1", "\"a\""])
    func `Params that are no object: invalid`(_ params: String) {
        let request = failure(#"{"jsonrpc":"2.0","id":4,"method":"m","params":\#(params)}"#)
        #expect(request?.error.code == .invalidParams)
        #expect(request?.answeredID == RequestID(4))
        let notification = failure(#"{"jsonrpc":"2.0","method":"m","params":\#(params)}"#)
        #expect(notification != nil && notification?.answeredID == nil)
    }

    @Test func `Responses: parsed, both results and errors`() throws {
        let result = try RPCMessage(parsing: ByteBuffer(string: #"{"jsonrpc":"2.0","id":1,"result":null}"#))
        #expect(result == .response(id: RequestID(1), .success(.null)))
        let error = RPCError.invalidArgument("user_id", "a string")
        var frame = FrameEncoder.response(to: RequestID(2), .failure(error))
        frame.moveReaderIndex(forwardBy: 4)
        #expect(
            String(buffer: frame)
                == #"{"jsonrpc":"2.0","id":2,"error":{"code":1003,"data":{"field":"user_id","kind":"invalid_argument"},"message":"user_id must be a string"}}"#
        )
        #expect(try RPCMessage(parsing: frame) == .response(id: RequestID(2), .failure(error)))
    }

    @Test func `A result that fits no frame: an internal error`() throws {
        let long = JSONValue.string(String(repeating: "x", count: WireLimits.frameBytesMax))
        var frame = FrameEncoder.response(to: RequestID(1), .success(long))
        frame.moveReaderIndex(forwardBy: 4)
        guard case .response(RequestID(1), .failure(let error)) = try RPCMessage(parsing: frame) else {
            return #expect(Bool(false))
        }
        #expect(error.code == .internalError)
        #expect(FrameEncoder.request(id: RequestID(1), method: "m", params: ["a": long]) == nil)
    }
}
