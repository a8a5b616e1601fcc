import Synchronization

/// Calls a closure once, when all of several parts have ended.
final class Countdown: Sendable {
    private let left: Mutex<Int>
    private let body: @Sendable () -> Void

    init(_ parts: Int, _ body: @escaping @Sendable () -> Void) {
        left = Mutex(parts)
        self.body = body
    }

    func ended() {
        let isLast = left.withLock { left in
            left -= 1
            return left == 0
        }
        if isLast { body() }
    }
}
