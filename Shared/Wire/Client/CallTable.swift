import Contracts
import DequeModule
import NIOCore

/// The calls of a client that await a response, and those that are not written yet. No I/O, no clock, no suspension.
///
/// Calls are written in the order in which they were submitted. A call leaves the table exactly once.
struct CallTable<Waiter> {
    private var entries: [Int64: Entry] = [:]
    /// Calls that are not written yet, oldest first.
    private var unwritten: Deque<Int64> = []
    private var frameBytes = 0
    private let callsMax: Int
    private let bytesMax: Int

    struct Entry {
        let waiter: Waiter
        let frame: ByteBuffer
        let isIdempotent: Bool
        let deadline: NIODeadline
    }

    enum SubmitAction { case wait, refuse(Waiter) }
    enum ReplyAction { case resume(Waiter), dropLateReply }

    init(callsMax: Int = WireLimits.clientCallsMax, bytesMax: Int = WireLimits.clientBytesMax) {
        self.callsMax = callsMax
        self.bytesMax = bytesMax
    }

    var count: Int { entries.count }
    var hasUnwritten: Bool { !unwritten.isEmpty }
    var earliestDeadline: NIODeadline? { entries.values.lazy.map(\.deadline).min() }

    /// - Parameter id: one that was not used before.
    mutating func callSubmitted(_ id: Int64, _ entry: Entry) -> SubmitAction {
        guard entries.count < callsMax, frameBytes + entry.frame.readableBytes <= bytesMax else {
            return .refuse(entry.waiter)
        }
        entries[id] = entry
        frameBytes += entry.frame.readableBytes
        unwritten.append(id)
        return .wait
    }

    /// The next frame to write. Once this returns it, the peer may have received the request.
    mutating func nextToWrite() -> ByteBuffer? {
        unwritten.popFirst().flatMap { entries[$0]?.frame }
    }

    mutating func replyReceived(for id: Int64) -> ReplyAction {
        guard let entry = remove(id) else { return .dropLateReply }
        return .resume(entry.waiter)
    }

    /// Removes a call that the client gives up; returns its waiter, nil when the response came first.
    mutating func callAbandoned(_ id: Int64) -> Waiter? { remove(id)?.waiter }

    /// Removes the calls whose deadline has passed; returns their waiters.
    mutating func deadlinesPassed(at now: NIODeadline) -> [Waiter] {
        entries.filter { $0.value.deadline <= now }.keys.sorted().compactMap { remove($0)?.waiter }
    }

    /// Queues the written calls that are idempotent again, oldest first. Removes the other written calls, whose outcome
    /// is unknown, and returns their waiters.
    mutating func connectionLost() -> [Waiter] {
        let lost = written.filter { entries[$0]?.isIdempotent == false }.compactMap { remove($0)?.waiter }
        unwritten = Deque(entries.keys.sorted())
        return lost
    }

    /// Removes all calls that were written; returns their waiters.
    mutating func removeWritten() -> [Waiter] { written.compactMap { remove($0)?.waiter } }

    /// Removes all calls; returns their waiters.
    mutating func removeAll() -> [Waiter] { entries.keys.sorted().compactMap { remove($0)?.waiter } }

    private var written: [Int64] {
        let unwritten = Set(unwritten)
        return entries.keys.filter { !unwritten.contains($0) }.sorted()
    }

    private mutating func remove(_ id: Int64) -> Entry? {
        guard let entry = entries.removeValue(forKey: id) else { return nil }
        frameBytes -= entry.frame.readableBytes
        if let index = unwritten.firstIndex(of: id) { unwritten.remove(at: index) }
        return entry
    }
}

extension CallTable.Entry: Sendable where Waiter: Sendable {}
