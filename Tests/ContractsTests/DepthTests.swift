import Contracts
import Testing

@Suite struct DepthTests {
    private func nested(_ depth: Int) -> JSONValue { (1..<depth).reduce([:]) { value, _ in ["x": value] } }

    /// A value stored at the greatest allowed depth fits the parser's depth also inside a response.
    @Test func `A value that may be stored: can be read back in a response`() throws {
        let key: [String: JSONValue] = ["user_id": "7", "chat_id": "7", "step": "s"]
        let data = nested(JSONValue.depthMax - 16)
        let params = try StateSave.Params(Parameters(key.merging(["data": data]) { own, _ in own }))
        let now = Timestamp(milliseconds: 0)
        let state = Conversation(
            step: "s", data: params.data, revision: .none, updateID: nil, startedAt: now, updatedAt: now,
            expiresAt: now,
            storedIn: [])
        let page = StateList.Output(conversations: [.init(key: params.key, state: state)], nextCursor: nil)
        let answer: JSONValue = ["jsonrpc": "2.0", "id": 1, "result": page.json]
        #expect(try JSONValue(parsing: answer.text) == answer)
        let deeper = nested(JSONValue.depthMax - 15)
        #expect { try StateSave.Params(Parameters(key.merging(["data": deeper]) { own, _ in own })) } throws: {
            ($0 as? RPCError)?.field == "data"
        }
    }
}
