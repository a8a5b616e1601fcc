import Synchronization

/// Does something once, when each of several parts has ended.
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
