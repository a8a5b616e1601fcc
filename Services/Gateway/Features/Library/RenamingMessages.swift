import Contracts
import Dialogue
import Logging
import Sending

/// Tells people whose machine had to take another nickname, because a tier that was away had one of that name.
///
/// The library-service remembers whom to tell, until it hears that they were: a person may be told twice, and is never left out.
struct RenamingMessages<Calls: ServiceCalls>: Sendable {
    static var interval: Duration { .seconds(10) }

    let calls: Calls
    let sender: Sender<Calls>
    let texts: any Texts
    let logger: Logger
    let now: @Sendable () -> Timestamp

    /// Until cancelled.
    func run() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: Self.interval)
            await round()
        }
    }

    func round() async {
        // While the library is away there is nothing to tell; the next round asks again.
        guard let found = try? await calls.call(LibraryRenamings.self, NoParams()) else { return }
        for renaming in found.renamings {
            guard await tell(renaming) else { continue }
            do throws(ServiceFailure) {
                _ = try await calls.call(
                    LibraryRenamingTold.self, MachineReference(userID: renaming.userID, id: renaming.id))
            } catch {
                logger.warning("a person may be told once more of a new nickname", metadata: ["error": "\(error)"])
            }
        }
    }

    /// - Returns: whether nothing is left to be told.
    private func tell(_ renaming: LibraryRenamings.Renaming) async -> Bool {
        // A private chat has its person's number. Who has none cannot be written to.
        guard let chatID = Int64(renaming.userID) else { return true }
        let reply = OutgoingReply(
            AnyMessage.library(.renamed(from: renaming.renamedFrom, to: renaming.nickname)).reply(in: texts),
            toChat: chatID, at: now())
        // A reply that is stored will be sent.
        let lane = LaneKey(userID: chatID, chatID: chatID)
        return switch await sender.deliver(reply, to: lane) {
        case .sent, .stored, .dropped: true
        case .queued, .stopping: false
        }
    }
}
