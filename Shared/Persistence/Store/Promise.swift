import Synchronization

/// A future value: fulfilled once, from any thread, and awaited once.
public final class Promise<Value: Sendable>: Sendable {
    private enum State {
        case empty
        case awaited(CheckedContinuation<Value, Never>)
        case fulfilled(Value)
        case consumed
    }

    private let state = Mutex(State.empty)

    public init() {}

    public func fulfill(_ value: Value) {
        let continuation: CheckedContinuation<Value, Never>? = state.withLock { state in
            switch state {
            case .empty:
                state = .fulfilled(value)
                return nil
            case .awaited(let continuation):
                state = .consumed
                return continuation
            case .fulfilled, .consumed: preconditionFailure("a promise is fulfilled once")
            }
        }
        continuation?.resume(returning: value)
    }

    /// Waits for the value. Cancellation does not end the wait: the request is under way, and its end will be reported.
    public var value: Value {
        get async {
            await withCheckedContinuation { continuation in
                let value: Value? = state.withLock { state in
                    switch state {
                    case .empty:
                        state = .awaited(continuation)
                        return nil
                    case .fulfilled(let value):
                        state = .consumed
                        return value
                    case .awaited, .consumed: preconditionFailure("a promise is awaited once")
                    }
                }
                if let value { continuation.resume(returning: value) }
            }
        }
    }
}
