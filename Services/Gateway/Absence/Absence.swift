import Contracts
import FoundationEssentials
import Synchronization

/// Notices when we come back to Telegram after a long time, whoever was away: it, the network, or this process.
///
/// Telegram keeps a tap on a button for 150 s, and a message for 24 h. So after an absence longer than that, somebody may
/// wait for the answer to a tap that never reached us. When Telegram was last heard from is noted in a file, which outlives
/// this process; without that file the absence counts as a long one.
final class Absence: Sendable {
    static let unnoticedMax: Duration = .seconds(150)
    /// How old the note may be while all goes well.
    static let noteInterval: Duration = .seconds(10)

    private struct State {
        var heardAt: Timestamp?
        var notedAt: Timestamp?
        /// When we came back, until `isOver`.
        var returnedAt: Timestamp?
        var isAnnounced = false
        var isFailureTold = false

        mutating func isNoteDue(at now: Timestamp) -> Bool {
            if let notedAt, notedAt <= now, now < notedAt.advanced(by: Absence.noteInterval) { return false }
            notedAt = now
            return true
        }
    }

    private let path: String
    private let now: @Sendable () -> Timestamp
    private let failed: @Sendable (any Error) -> Void
    private let state: Mutex<State>
    private let announced: AsyncStream<Timestamp>.Continuation
    /// The moments of coming back after a long absence, each when all that had waited at Telegram has arrived.
    let returns: AsyncStream<Timestamp>

    /// - Parameter failed: is told the first time that the note cannot be written.
    init(
        notePath: String, now: @escaping @Sendable () -> Timestamp, failed: @escaping @Sendable (any Error) -> Void
    ) {
        path = notePath
        self.now = now
        self.failed = failed
        let note = try? String(contentsOfFile: notePath, encoding: .utf8)
        state = Mutex(State(heardAt: note.flatMap { Timestamp(parsing: $0) }))
        (returns, announced) = AsyncStream.makeStream()
    }

    deinit { announced.finish() }

    /// Telegram answered a poll.
    ///
    /// - Parameter isAll: whether nothing more waits there.
    func heard(isAll: Bool) {
        let now = now()
        let (announcement, isNoteDue) = state.withLock { state in
            if state.heardAt.map({ $0.advanced(by: Self.unnoticedMax) < now }) ?? true {
                // Also while people are still asked after the one before.
                (state.returnedAt, state.isAnnounced) = (now, false)
            }
            state.heardAt = now
            // Noted only when everybody has been asked: else the next process would not know of it.
            guard let returnedAt = state.returnedAt else { return (Timestamp?.none, state.isNoteDue(at: now)) }
            guard isAll, !state.isAnnounced else { return (nil, false) }
            state.isAnnounced = true
            return (returnedAt, false)
        }
        if let announcement { announced.yield(announcement) }
        if isNoteDue { note(now) }
    }

    /// Everybody has been asked who was last heard from before `moment`, one of `returns`.
    func isOver(before moment: Timestamp) {
        let heardAt: Timestamp? = state.withLock { state in
            guard state.returnedAt == moment else { return nil }
            state.returnedAt = nil
            state.notedAt = state.heardAt
            return state.heardAt
        }
        if let heardAt { note(heardAt) }
    }

    private func note(_ moment: Timestamp) {
        do { try moment.description.write(toFile: path, atomically: true, encoding: .utf8) } catch {
            let isTold = state.withLock { state in
                defer { state.isFailureTold = true }
                return state.isFailureTold
            }
            if !isTold { failed(error) }
        }
    }
}
