import Contracts
import FoundationEssentials
import Synchronization

/// Detects the end of a long absence: Telegram, the network or this process was unavailable.
///
/// Telegram keeps a tap on a button for 150 s, and a message for 24 h. So after an absence of more than 150 s, a person
/// may wait for the reply to a tap that the gateway never received. A file records when Telegram last responded, and
/// outlives this process. Without that file, the absence counts as long.
final class Absence: Sendable {
    static let unnoticedMax: Duration = .seconds(150)
    /// How old the file's note may be while Telegram responds.
    static let noteInterval: Duration = .seconds(10)

    private struct State {
        var heardAt: Timestamp?
        var notedAt: Timestamp?
        /// When the last long absence ended; nil after `isOver`.
        var returnedAt: Timestamp?
        var isAnnounced = false
        var isFailureReported = false

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
    /// When each long absence ended. It is announced when all updates that had waited at Telegram have arrived.
    let returns: AsyncStream<Timestamp>

    /// - Parameter failed: called the first time that the note cannot be written.
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

    /// Telegram responded to a call, or delivered to the webhook.
    ///
    /// - Parameter isAll: whether no more updates wait at Telegram.
    func heard(isAll: Bool) {
        let now = now()
        let (announcement, isNoteDue) = state.withLock { state in
            if state.heardAt.map({ $0.advanced(by: Self.unnoticedMax) < now }) ?? true {
                // People may still be being asked after the previous absence: this one counts all the same.
                (state.returnedAt, state.isAnnounced) = (now, false)
            }
            state.heardAt = now
            // Noted only after all people were asked: otherwise the next process would not know of the absence.
            guard let returnedAt = state.returnedAt else { return (Timestamp?.none, state.isNoteDue(at: now)) }
            guard isAll, !state.isAnnounced else { return (nil, false) }
            state.isAnnounced = true
            return (returnedAt, false)
        }
        if let announcement { announced.yield(announcement) }
        if isNoteDue { write(now) }
    }

    /// All people who last wrote before `moment`, one of `returns`, have been asked.
    func isOver(before moment: Timestamp) {
        let heardAt: Timestamp? = state.withLock { state in
            guard state.returnedAt == moment else { return nil }
            state.returnedAt = nil
            state.notedAt = state.heardAt
            return state.heardAt
        }
        if let heardAt { write(heardAt) }
    }

    private func write(_ moment: Timestamp) {
        do { try moment.description.write(toFile: path, atomically: true, encoding: .utf8) } catch {
            let wasReported = state.withLock { state in
                defer { state.isFailureReported = true }
                return state.isFailureReported
            }
            if !wasReported { failed(error) }
        }
    }
}
