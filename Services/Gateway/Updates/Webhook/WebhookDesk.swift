import Synchronization
import TelegramBotAPI

/// Keeps the requests that wait for their updates, and the updates that wait for the loop that hands them over.
final class WebhookDesk: Sendable {
    private struct State {
        var ledger = WebhookLedger<@Sendable (WebhookAnswer) -> Void>()
        /// The update of each waiting request.
        var updateOfRequest: [Int: Int64] = [:]
    }

    private let state = Mutex(State())
    /// New updates, in the order received.
    let arrivals: AsyncStream<ReceivedUpdate>
    private let arrived: AsyncStream<ReceivedUpdate>.Continuation

    init() { (arrivals, arrived) = AsyncStream.makeStream() }

    var unsettledCount: Int { state.withLock { $0.ledger.unsettledCount } }
    var isFull: Bool { state.withLock { $0.ledger.isFull } }
    var waitingCount: Int { state.withLock { $0.updateOfRequest.count } }

    /// - Returns: nil if the request waits, and `answer` is called later.
    func received(
        _ update: ReceivedUpdate, request: Int, answer: @escaping @Sendable (WebhookAnswer) -> Void
    ) -> WebhookAnswer? {
        // Locked until the update is in the stream: otherwise two could change places.
        state.withLock { state in
            switch state.ledger.requestReceived(request, for: update.id, answer) {
            case .answerSettled: return .settled
            case .refuse: return .tryAgain
            case .handOver: arrived.yield(update)
            case .wait: break
            }
            state.updateOfRequest[request] = update.id
            return nil
        }
    }

    /// The request no longer waits.
    func ended(request: Int) {
        state.withLock { state in
            guard let id = state.updateOfRequest.removeValue(forKey: request) else { return }
            state.ledger.requestEnded(request, for: id)
        }
    }

    func settled(_ id: Int64) {
        let waiting = state.withLock { state in
            let waiting = state.ledger.settled(id)
            if !waiting.isEmpty { state.updateOfRequest = state.updateOfRequest.filter { $0.value != id } }
            return waiting
        }
        for answer in waiting { answer(.settled) }
    }

    /// Accepts no new updates.
    func stop() {
        state.withLock { $0.ledger.stopped() }
        arrived.finish()
    }

    /// Responds to all requests that still wait, so that Telegram delivers their updates again.
    func giveUp() {
        let waiting = state.withLock { state in
            state.updateOfRequest = [:]
            return state.ledger.gaveUp()
        }
        for answer in waiting { answer(.tryAgain) }
    }
}
