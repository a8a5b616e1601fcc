import Synchronization

@testable import TelegramBotAPI

/// A clock that jumps to the end of each wait. With `isFrozen` a wait lasts until it is canceled.
///
/// Unlike the system's clock it never advances while code runs, so a test sees the sum of the waits and nothing else.
final class JumpingTime: Sendable {
    private let state = Mutex((now: Duration.zero, isFrozen: false))

    func advance(by duration: Duration) { state.withLock { $0.now += duration } }

    var now: Duration { state.withLock { $0.now } }

    func freeze() { state.withLock { $0.isFrozen = true } }

    var poller: PollerTime {
        PollerTime(
            now: { self.now },
            sleep: { until in
                let isFrozen = self.state.withLock { state in
                    if !state.isFrozen { state.now = max(state.now, until) }
                    return state.isFrozen
                }
                if isFrozen { await Signal().wait() }
            })
    }
}
