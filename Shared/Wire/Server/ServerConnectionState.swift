import Contracts
import NIOCore

/// Decides what one connection of a server does next. No I/O, no clock: each event changes the state; after it the
/// handler calls `nextAction()` until that returns nil.
///
/// - Calls are begun in the order in which they arrived, and at most `callsInFlightMax` of them are in flight.
/// - While there is no room for calls, or the peer does not read its responses, no call is begun and reading stops at
///   `inboundBytesHigh`. So a connection's memory is bounded by these bytes, one frame, and the responses to the calls
///   in flight.
/// - Each call that was begun gets its response, even if invalid bytes follow it, while the peer still reads.
struct ServerConnectionState {
    private(set) var phase = Phase.open
    private(set) var callsInFlight = 0
    private var decoder = FrameDecoder()
    private var isWritable = true
    private var isReadRequested = false
    private var isInputClosed = false
    /// An action that a change of phase requires before all others.
    private var due: Action?
    private var timer: TimerPurpose?
    /// Whether the frame that `timer` was set for has completed since.
    private var isTimerOutdated = false
    private var framesThisTurn = 0
    private var isYielding = false
    private var lingeredBytes = 0
    private let callsInFlightMax: Int

    enum Phase: Equatable {
        case open
        /// The peer will send no more; the calls that it sent still get responses.
        case inputClosed
        /// A frame's length was out of bounds. The error is sent after the responses to the calls before it.
        case violated(FrameViolation)
        /// No more calls are begun; those in flight still get responses.
        case stopping
        /// All responses are written and being flushed.
        case flushing(then: Ending)
        /// The violation's error was sent; bytes that the peer still sends are discarded.
        case lingering
        case closed
    }

    enum Ending: Equatable { case close, linger }

    /// The purpose of the connection's only timer. When it fires, the connection is closed.
    enum TimerPurpose: Equatable { case frame, stall, linger }

    enum Action: Equatable {
        /// Pass the call to the handler; `callFinished()` must follow. A call without an id gets no response.
        case begin(id: RequestID?, method: String, params: [String: JSONValue])
        case answer(RequestID, RPCError)
        case read
        /// Let other connections work first, then report `turnBegan()`.
        case yield
        /// Replace the timer; nil cancels it.
        case setTimer(TimerPurpose?)
        /// Flush, and report `outputFlushed()` when everything is written.
        case flushOutput
        case closeOutput
        case close
    }

    init(callsInFlightMax: Int) { self.callsInFlightMax = callsInFlightMax }

    /// Whether closing the connection now would lose no response.
    var isIdle: Bool { callsInFlight == 0 }

    /// Received bytes that are buffered.
    var bufferedBytes: Int { decoder.bufferedBytes }
}

// MARK: Events

extension ServerConnectionState {
    mutating func bytesReceived(_ bytes: ByteBuffer) {
        switch phase {
        case .open, .inputClosed: decoder.bytesReceived(bytes)
        case .lingering: lingeredBytes += bytes.readableBytes
        case .violated, .stopping, .flushing, .closed: break
        }
    }

    mutating func readCompleted() { isReadRequested = false }

    mutating func turnBegan() {
        framesThisTurn = 0
        isYielding = false
    }

    mutating func callFinished() {
        assert(callsInFlight > 0, "a call finished that had not begun")
        callsInFlight -= 1
    }

    mutating func writabilityChanged(to isWritable: Bool) { self.isWritable = isWritable }

    /// The peer will send no more.
    mutating func inputClosed() {
        isInputClosed = true
        switch phase {
        case .open: phase = .inputClosed
        case .flushing: phase = .flushing(then: .close)
        case .lingering: close()
        case .inputClosed, .violated, .stopping, .closed: break
        }
    }

    mutating func shutdownBegan() {
        switch phase {
        case .open, .inputClosed:
            phase = .stopping
            decoder.reset()
        case .violated, .stopping, .flushing, .lingering, .closed: break
        }
    }

    mutating func outputFlushed() {
        guard case .flushing(let ending) = phase else { return }
        switch ending {
        case .close: close()
        case .linger:
            phase = .lingering
            due = .closeOutput
        }
    }

    /// The server chose this connection to be closed, to make room for another one.
    mutating func evicted() { close() }

    mutating func timerFired() { close() }

    /// The channel is closed.
    mutating func connectionClosed() {
        phase = .closed
        due = nil
        decoder.reset()
    }

    private mutating func close() {
        guard phase != .closed else { return }
        phase = .closed
        due = .close
        decoder.reset()
    }
}

// MARK: Actions

extension ServerConnectionState {
    /// The next action; nil when there is nothing to do until the next event.
    mutating func nextAction() -> Action? {
        if let action = due {
            due = nil
            return action
        }
        switch phase {
        case .open, .inputClosed:
            if let action = nextFrameAction() { return action }
        case .violated(let violation):
            if callsInFlight == 0 {
                flush(then: isInputClosed ? .close : .linger)
                return .answer(.null, RPCError(.invalidRequest, violation.description))
            }
        case .stopping:
            if callsInFlight == 0 {
                flush(then: .close)
                return nextAction()
            }
        case .lingering:
            if lingeredBytes > WireLimits.lingerBytesMax {
                close()
                return nextAction()
            }
        case .flushing, .closed: break
        }
        return timerAction() ?? readAction()
    }

    private var hasRoom: Bool { isWritable && callsInFlight < callsInFlightMax }

    /// The action for the next received frame; nil when no frame is complete or there is no room for a call.
    private mutating func nextFrameAction() -> Action? {
        while hasRoom {
            guard framesThisTurn < WireLimits.framesPerTurnMax else { return isYielding ? nil : yield() }
            do throws(FrameViolation) {
                guard let frame = try decoder.nextFrame() else { break }
                framesThisTurn += 1
                isTimerOutdated = true
                if let action = action(for: frame) { return action }
            } catch {
                phase = .violated(error)
                decoder.reset()
                return nextAction()
            }
        }
        guard phase == .inputClosed, hasRoom, callsInFlight == 0 else { return nil }
        flush(then: .close)
        return nextAction()
    }

    private mutating func action(for frame: ByteBuffer) -> Action? {
        do throws(InvalidMessage) {
            switch try RPCMessage(parsing: frame) {
            case .request(let id, let method, let params):
                callsInFlight += 1
                return .begin(id: id, method: method, params: params)
            case .notification(let method, let params):
                callsInFlight += 1
                return .begin(id: nil, method: method, params: params)
            case .response(let id, _):
                return .answer(id, RPCError(.invalidRequest, "method must be a string"))
            }
        } catch {
            return error.answeredID.map { .answer($0, error.error) }
        }
    }

    private mutating func yield() -> Action {
        isYielding = true
        return .yield
    }

    private mutating func flush(then ending: Ending) {
        phase = .flushing(then: ending)
        due = .flushOutput
    }

    private mutating func timerAction() -> Action? {
        let wanted = timerWanted
        guard wanted != timer || (wanted == .frame && isTimerOutdated) else { return nil }
        timer = wanted
        isTimerOutdated = false
        return .setTimer(wanted)
    }

    private var timerWanted: TimerPurpose? {
        switch phase {
        case .open where hasRoom: decoder.isInsideFrame && !isYielding ? .frame : nil
        case .open, .inputClosed, .violated, .stopping: isWritable ? nil : .stall
        case .flushing: .stall
        case .lingering: .linger
        case .closed: nil
        }
    }

    /// With room, all complete frames are handled, so the buffered bytes are part of one frame. Without room, some
    /// calls are read in advance, so that a peer that pipelines a few hundred calls before it reads need not wait.
    private var wantsBytes: Bool {
        switch phase {
        case .open: !isYielding && (hasRoom || decoder.bufferedBytes < WireLimits.inboundBytesHigh)
        case .lingering: true
        case .inputClosed, .violated, .stopping, .flushing, .closed: false
        }
    }

    private mutating func readAction() -> Action? {
        guard wantsBytes, !isReadRequested else { return nil }
        isReadRequested = true
        return .read
    }
}
