import DequeModule
import Synchronization

/// A lock for each key, granted in the order of the calls.
final class KeyedLocks<Key: Hashable & Sendable>: Sendable {
    /// The waiting callers, for each locked key.
    private let waiting = Mutex<[Key: Deque<CheckedContinuation<Void, Never>>]>([:])

    func withLock<Result: Sendable>(_ key: Key, _ body: () async -> Result) async -> Result {
        await acquire(key)
        defer { release(key) }
        return await body()
    }

    private func acquire(_ key: Key) async {
        await withCheckedContinuation { continuation in
            let isFree = waiting.withLock { waiting in
                guard waiting[key] != nil else {
                    waiting[key] = []
                    return true
                }
                waiting[key]?.append(continuation)
                return false
            }
            if isFree { continuation.resume() }
        }
    }

    private func release(_ key: Key) {
        let next = waiting.withLock { waiting -> CheckedContinuation<Void, Never>? in
            guard let next = waiting[key]?.popFirst() else {
                waiting[key] = nil
                return nil
            }
            return next
        }
        next?.resume()
    }
}
