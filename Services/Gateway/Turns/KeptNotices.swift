import Synchronization

/// The people who were told that their message is kept, until they have a reply: each is told once in an outage.
///
/// This is not stored, because storage is what is unavailable: after a kill, a person may be told twice. Bounded by the
/// updates in progress, each of which belongs to one person.
final class KeptNotices: Sendable {
    private let notified = Mutex<Set<Int64>>([])

    /// Whether to tell the person now; if so, that counts as done.
    func begins(_ userID: Int64) -> Bool { notified.withLock { $0.insert(userID).inserted } }
    /// The person could not be told.
    func failed(_ userID: Int64) { notified.withLock { _ = $0.remove(userID) } }
    /// The person has a reply.
    func answered(_ userID: Int64) { notified.withLock { _ = $0.remove(userID) } }
}
