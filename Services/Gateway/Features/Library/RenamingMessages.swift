import Contracts
import Dialogue
import Logging
import Sending

/// Tells people that a machine of theirs was renamed, because a tier that was unavailable has another one of that name.
///
/// The library-service keeps each renaming until it learns that the person was told. So a person may be told twice, but
/// is never left out.
struct RenamingMessages<Calls: ServiceCalls>: Sendable {
    static var interval: Duration { .seconds(10) }

    let calls: Calls
    let sender: Sender<Calls>
    let texts: any Texts
    let logger: Logger
    let now: @Sendable () -> Timestamp

    /// Runs until cancelled.
    func run() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: Self.interval)
            await round()
        }
    }

    func round() async {
        // While the library is unavailable, there is nothing to tell; the next round asks again.
        guard let found = try? await calls.call(LibraryRenamings.self, NoParams()) else { return }
        for renaming in found.renamings {
            guard await tell(renaming) else { continue }
            do throws(ServiceFailure) {
                _ = try await calls.call(
                    LibraryRenamingTold.self, MachineReference(userID: renaming.userID, id: renaming.id))
            } catch {
                logger.warning("a person may be told twice of a new nickname", metadata: ["error": "\(error)"])
            }
        }
    }

    /// - Returns: whether this renaming needs no further message.
    private func tell(_ renaming: LibraryRenamings.Renaming) async -> Bool {
        // A private chat has its person's number. Without a number there is no chat to write to.
        guard let chatID = Int64(renaming.userID) else { return true }
        let reply = OutgoingReply(
            AnyMessage.library(.renamed(from: renaming.renamedFrom, to: renaming.nickname)).reply(in: texts),
            toChat: chatID, in: texts, at: now())
        // A reply that is stored will be sent.
        let lane = LaneKey(userID: chatID, chatID: chatID)
        return switch await sender.deliver(reply, to: lane) {
        case .sent, .stored, .dropped: true
        case .queued, .stopping: false
        }
    }
}
