import Testing

@testable import Wire

@Suite struct ReconnectStateTests {
    @Test func `A client: connects only for a call`() {
        var state = ReconnectState()
        #expect(state.phase == .disconnected)
        #expect(state.callSubmitted() == .connect)
        #expect(state.callSubmitted() == .none)
        state.connected()
        #expect(state.callSubmitted() == .none)
        #expect(state.phase == .connected)
    }

    @Test func `Waits between attempts: double up to the maximum`() {
        var state = ReconnectState()
        #expect(state.callSubmitted() == .connect)
        var waits: [Int64] = []
        for _ in 0..<30 {
            guard case .wait(let longest) = state.connectionLost(hasCalls: true) else { return #expect(Bool(false)) }
            waits.append(longest.components.attoseconds / 1_000_000_000_000_000)
            #expect(state.waitElapsed(hasCalls: true) == .connect)
        }
        #expect(Array(waits.prefix(8)) == [10, 20, 40, 80, 160, 320, 500, 500])
        #expect(waits.last == 500)
    }

    @Test func `A lost connection: replaced at once if it worked, and later if it did not`() {
        var state = ReconnectState()
        _ = state.callSubmitted()
        state.connected()
        #expect(state.connectionLost(hasCalls: true) == .connect)
        state.connected()
        #expect(state.connectionLost(hasCalls: true) == .wait(upTo: .milliseconds(20)))
        _ = state.waitElapsed(hasCalls: true)
        state.connected()
        state.replyReceived()
        #expect(state.connectionLost(hasCalls: true) == .connect)
    }

    @Test func `A client without calls: does not reconnect`() {
        var state = ReconnectState()
        _ = state.callSubmitted()
        #expect(state.connectionLost(hasCalls: false) == .wait(upTo: .milliseconds(10)))
        #expect(state.callSubmitted() == .none, "a call does not shorten the wait")
        #expect(state.waitElapsed(hasCalls: false) == .none)
        #expect(state.phase == .disconnected)
        state.shutDown()
        #expect(state.callSubmitted() == .none)
        #expect(state.connectionLost(hasCalls: true) == .none)
        #expect(state.waitElapsed(hasCalls: true) == .none)
    }
}
