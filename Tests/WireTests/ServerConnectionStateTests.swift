import Contracts
import NIOCore
import Testing

@testable import Wire

@Suite struct ServerConnectionStateTests {
    typealias State = ServerConnectionState

    private func actions(_ state: inout State) -> [State.Action] {
        var actions: [State.Action] = []
        while let action = state.nextAction() { actions.append(action) }
        return actions
    }

    /// A connection that has asked for its first bytes.
    private func opened(callsInFlightMax: Int = 2) -> State {
        var state = State(callsInFlightMax: callsInFlightMax)
        #expect(actions(&state) == [.read])
        return state
    }

    private func receive(_ bytes: [UInt8], _ state: inout State) -> [State.Action] {
        state.bytesReceived(ByteBuffer(bytes: bytes))
        return actions(&state)
    }

    private func frames(_ ids: ClosedRange<Int64>) -> [UInt8] {
        ids.flatMap { RawSocket.frame(#"{"jsonrpc":"2.0","id":\#($0),"method":"m"}"#) }
    }

    private func begin(_ id: Int64) -> State.Action { .begin(id: RequestID(id), method: "m", params: [:]) }

    @Test func `A read that was requested: not requested again before it completes`() {
        var state = opened()
        #expect(actions(&state) == [])
        state.readCompleted()
        #expect(actions(&state) == [.read])
    }

    @Test func `Calls: begun in order up to the bound`() {
        var state = opened()
        #expect(receive(frames(1...4), &state) == [begin(1), begin(2)])
        state.callFinished()
        #expect(actions(&state) == [begin(3)])
        state.callFinished()
        state.callFinished()
        #expect(actions(&state) == [begin(4)])
        #expect(state.callsInFlight == 1 && !state.isIdle)
    }

    @Test func `Reading: ends at the bound on waiting bytes`() {
        var state = opened(callsInFlightMax: 1)
        #expect(receive(frames(1...1), &state) == [begin(1)])
        let batch = frames(2...1001)
        var received = 0
        while received < WireLimits.inboundBytesHigh {
            state.readCompleted()
            #expect(actions(&state) == [.read])
            #expect(receive(batch, &state) == [])
            received += batch.count
        }
        state.readCompleted()
        #expect(actions(&state) == [])
        var answered = 0
        while true {
            state.callFinished()
            answered += 1
            state.turnBegan()
            guard actions(&state).contains(where: { if case .begin = $0 { true } else { false } }) else { break }
        }
        #expect(answered == received / batch.count * 1000 + 1)
    }

    @Test func `A peer that does not read: not read from, and timed`() {
        var state = opened()
        state.writabilityChanged(to: false)
        #expect(receive(frames(1...1), &state) == [.setTimer(.stall)])
        state.bytesReceived(ByteBuffer(repeating: 0, count: WireLimits.inboundBytesHigh))
        state.readCompleted()
        #expect(actions(&state) == [])
        state.writabilityChanged(to: true)
        #expect(actions(&state).first == begin(1))
    }

    @Test func `A peer that reads again: served, and one that does not is closed`() {
        var state = opened()
        state.writabilityChanged(to: false)
        #expect(actions(&state) == [.setTimer(.stall)])
        state.writabilityChanged(to: true)
        #expect(actions(&state) == [.setTimer(nil)])
        state.writabilityChanged(to: false)
        #expect(actions(&state) == [.setTimer(.stall)])
        state.timerFired()
        #expect(actions(&state) == [.close, .setTimer(nil)])
        #expect(state.phase == .closed)
    }

    @Test func `An unfinished frame: timed from its beginning`() {
        var state = opened(callsInFlightMax: 9)
        let frame = frames(1...1)
        #expect(receive(Array(frame.prefix(3)), &state) == [.setTimer(.frame)])
        #expect(receive(Array(frame[3..<9]), &state) == [])
        #expect(receive(Array(frame[9...] + frame.prefix(5)), &state) == [begin(1), .setTimer(.frame)])
        #expect(receive(Array(frame[5...]), &state) == [begin(1), .setTimer(nil)])
    }

    @Test func `An unfinished frame: not timed while nothing is read`() {
        var state = opened(callsInFlightMax: 1)
        #expect(receive(frames(1...1) + [0, 0], &state) == [begin(1)])
        state.callFinished()
        #expect(actions(&state) == [.setTimer(.frame)])
    }

    @Test func `Bad messages: answered with an error, and notifications are not`() {
        var state = opened()
        let bodies = ["x", "[]", #"{"jsonrpc":"2.0","method":"n","params":[]}"#, #"{"jsonrpc":"2.0","method":"n"}"#]
        let found = receive(bodies.flatMap(RawSocket.frame), &state)
        #expect(found.count == 3)
        guard case .answer(.null, let first) = found[0], case .answer(.null, let second) = found[1] else {
            return #expect(Bool(false), "\(found)")
        }
        #expect(first.code == .parseError && second.code == .invalidRequest)
        #expect(found[2] == .begin(id: nil, method: "n", params: [:]))
        #expect(state.phase == .open)
    }

    @Test func `A violation: answered after the calls before it, then the input is drained`() {
        var state = opened()
        #expect(receive(frames(1...1) + RawSocket.header(0), &state) == [begin(1)])
        #expect(state.phase == .violated(FrameViolation(announcedBytes: 0)))
        #expect(receive(frames(2...2), &state) == [], "nothing after a violation is begun")
        state.callFinished()
        let found = actions(&state)
        guard case .answer(.null, let error) = found.first else { return #expect(Bool(false), "\(found)") }
        #expect(error.code == .invalidRequest)
        #expect(Array(found.dropFirst()) == [.flushOutput, .setTimer(.stall)])
        state.outputFlushed()
        state.readCompleted()
        #expect(actions(&state) == [.closeOutput, .setTimer(.linger), .read])
        #expect(receive([1, 2, 3], &state) == [])
        state.inputClosed()
        #expect(actions(&state) == [.close, .setTimer(nil)])
    }

    @Test func `Draining: bounded in bytes`() {
        var state = opened()
        _ = receive(RawSocket.header(.max), &state)
        state.outputFlushed()
        _ = actions(&state)
        let chunk = [UInt8](repeating: 0, count: WireLimits.frameBytesMax)
        for _ in 0..<16 { #expect(receive(chunk, &state) == []) }
        #expect(receive([0], &state) == [.close, .setTimer(nil)])
    }

    @Test func `A half-closed peer: gets the responses to its calls`() {
        var state = opened(callsInFlightMax: 1)
        #expect(receive(frames(1...2) + [0], &state) == [begin(1)])
        state.inputClosed()
        state.callFinished()
        #expect(actions(&state) == [begin(2)])
        state.callFinished()
        #expect(actions(&state) == [.flushOutput, .setTimer(.stall)])
        state.outputFlushed()
        #expect(actions(&state) == [.close, .setTimer(nil)])
    }

    @Test func `A shutdown: answers the calls that were begun and no others`() {
        var state = opened(callsInFlightMax: 1)
        #expect(receive(frames(1...2), &state) == [begin(1)])
        state.shutdownBegan()
        #expect(actions(&state) == [])
        #expect(receive(frames(3...3), &state) == [])
        state.callFinished()
        #expect(actions(&state) == [.flushOutput, .setTimer(.stall)])
        state.outputFlushed()
        #expect(actions(&state) == [.close, .setTimer(nil)])
    }

    @Test func `Frames over the bound of one iteration: begun after a yield`() {
        var state = opened(callsInFlightMax: 1000)
        let max = Int64(WireLimits.framesPerTurnMax)
        let found = receive(frames(1...max + 1), &state)
        #expect(found == (1...max).map(begin) + [.yield])
        #expect(actions(&state) == [])
        state.turnBegan()
        #expect(actions(&state) == [begin(max + 1)])
    }

    @Test func `A closed connection: takes no further action`() {
        var state = opened()
        _ = receive(frames(1...1), &state)
        state.evicted()
        #expect(actions(&state) == [.close])
        state.callFinished()
        state.inputClosed()
        state.shutdownBegan()
        state.outputFlushed()
        state.timerFired()
        #expect(receive(frames(1...1), &state) == [])
        state.connectionClosed()
        #expect(actions(&state) == [])
    }
}
