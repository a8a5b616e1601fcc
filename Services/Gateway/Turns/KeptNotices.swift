import Synchronization

/// Who was told that what they sent is kept, until they have an answer: so each is told once in an outage.
///
/// Nothing of it is stored, since storage is what cannot be reached: after a kill a person may be told once more. Bounded
/// by the updates under way, each of which is one person's.
final class KeptNotices: Sendable {
    private let told = Mutex<Set<Int64>>([])

    /// Whether the person is to be told; if so, that counts as done.
    func begins(_ userID: Int64) -> Bool { told.withLock { $0.insert(userID).inserted } }
    /// The person could not be told.
    func failed(_ userID: Int64) { told.withLock { _ = $0.remove(userID) } }
    /// The person has an answer.
    func answered(_ userID: Int64) { told.withLock { _ = $0.remove(userID) } }
}
