import Contracts
import TestSupport
import Testing

/// JSON-RPC 2.0 in frames, as a program in any language uses it.
@Suite(.serialized, .withProcesses)
struct ProtocolTests {
    @Test(arguments: [RivetBinary.state, .library])
    func `Frames that are no call: answered with an error, and the connection stays open`(
        _ binary: RivetBinary
    ) throws {
        let client = try running(binary).client()
        let cases: [(body: String, code: Int64)] = [
            ("junk", -32700), ("{", -32700), ("{}x", -32700), (" ", -32700), ("\u{FEFF}{}", -32700),
            (#"{"jsonrpc":"2.0","id":1,"method":"service.health","id":2}"#, -32700),
            (#"{"jsonrpc":"2.0","id":1,"method":"\ud800"}"#, -32700),
            (String(repeating: "[", count: 100_000), -32700),
            ("[]", -32600), ("1", -32600), ("null", -32600), (#""text""#, -32600), ("{}", -32600),
            (#"[{"jsonrpc":"2.0","id":1,"method":"service.health"}]"#, -32600),
            (#"{"id":1,"method":"service.health"}"#, -32600),
            (#"{"jsonrpc":"1.0","id":1,"method":"service.health"}"#, -32600),
            (#"{"jsonrpc":2.0,"id":1,"method":"service.health"}"#, -32600),
            (#"{"jsonrpc":"2.0","id":1}"#, -32600),
            (#"{"jsonrpc":"2.0","id":1,"method":7}"#, -32600),
            (#"{"jsonrpc":"2.0","id":{},"method":"service.health"}"#, -32600),
            (#"{"jsonrpc":"2.0","id":true,"method":"service.health"}"#, -32600),
            (#"{"jsonrpc":"2.0","id":1,"method":"no.such"}"#, -32601),
            (#"{"jsonrpc":"2.0","id":1,"method":""}"#, -32601),
            (#"{"jsonrpc":"2.0","id":1,"method":"service.health","params":[]}"#, -32602),
            (#"{"jsonrpc":"2.0","id":1,"method":"service.health","params":["a"]}"#, -32602),
            (#"{"jsonrpc":"2.0","id":1,"method":"service.health","params":"a"}"#, -32602),
            (#"{"jsonrpc":"2.0","id":1,"method":"service.health","params":7}"#, -32602),
        ]
        for (body, code) in cases {
            let answer = try client.answer(toFrame: body)
            #expect(answer.keys == ["jsonrpc", "id", "error"], "\(body.prefix(80))")
            #expect(answer["jsonrpc"] == "2.0")
            #expect(answer["error"]?["code"] == .integer(code), "\(body.prefix(80)) was answered \(answer)")
            #expect(answer["error"]?["message"]?.stringValue?.isEmpty == false)
            if code == -32700 { #expect(answer["id"] == .null) }
        }
        let invalidUTF8 = Array(#"{"jsonrpc":"2.0","id":1,"method":""#.utf8) + [0xC3, 0x28] + Array(#""}"#.utf8)
        #expect(try client.answer(toFrame: invalidUTF8)["error"]?["code"] == -32700)
        #expect(try client.result("service.health")["status"] == "ok")
    }

    @Test func `IDs: returned as they were spelled`() throws {
        let client = try running(.state).client()
        for id in [
            "1", "0", "-1", "9223372036854775807", "9223372036854775808", "1.50", "1e3", #""text""#, #""""#, #""😀""#,
            "null",
        ] {
            try client.sendBytes(
                FrameClient.frame(Array(#"{"jsonrpc":"2.0","id":\#(id),"method":"service.health"}"#.utf8)))
            let body = String(decoding: try #require(try client.receiveBody()), as: UTF8.self)
            #expect(body.contains(#""id":\#(id)"#), "\(body)")
            #expect(body.contains(#""result":"#))
        }
    }

    @Test func `A notification: takes effect and gets no response`() throws {
        let client = try running(.state).client()
        let notification: JSONValue = ["jsonrpc": "2.0", "method": "state.save", "params": .object(saving("n"))]
        for body in [
            notification.text, #"{"jsonrpc":"2.0","method":"no.such"}"#,
            #"{"jsonrpc":"2.0","method":"state.save","params":{}}"#,
        ] { try client.sendBytes(FrameClient.frame(Array(body.utf8))) }
        // If one of them had a response, it would be read here in place of this call's.
        #expect(try client.result("state.load", conversation("n"))["state"]?["step"] == "nickname")
    }

    @Test func `Calls of one connection on one key: take effect in the order sent`() throws {
        let client = try running(.state).client()
        var loads: [Int64: Int64] = [:]
        for step in 1...100 {
            try client.send("state.save", saving("k", step: "s\(step)", update: Int64(step)))
            loads[try client.send("state.load", conversation("k"))] = Int64(step)
        }
        for _ in 1...200 {
            let answer = try client.response()
            guard let id = answer["id"]?.integerValue, let step = loads[id] else { continue }
            #expect(answer["result"]?["state"]?["step"] == .string("s\(step)"))
        }
    }

    @Test func `A length out of range: answered with an error, and the connection ends`() throws {
        let service = try running(.library)
        for header: [UInt8] in [[0, 0, 0, 0], [0, 0x10, 0, 1], [0xFF, 0xFF, 0xFF, 0xFF], [0x80, 0, 0, 0]] {
            let client = try service.client()
            try client.sendBytes(header)
            let answer = try client.response()
            #expect(answer["id"] == .null)
            #expect(answer["error"]?["code"] == -32600)
            #expect(try client.isClosedByPeer())
        }
        // The longest frame that is accepted gets its response.
        let longest = #"{"jsonrpc":"2.0","id":1,"method":"service.health","params":{"x":""#
        let end = #""}}"#
        let filler = String(repeating: "x", count: 1_048_576 - longest.utf8.count - end.utf8.count)
        #expect(try service.client().answer(toFrame: longest + filler + end)["result"] != nil)
    }

    @Test func `A frame that arrives byte by byte: answered`() throws {
        let client = try running(.state).client()
        for byte in FrameClient.request("service.health", [:], id: 77) { try client.sendBytes([byte]) }
        #expect(try client.response()["id"] == 77)
    }
}
