import Logging
import Persistence

/// Removes expired conversations, and logs how many if there were any.
struct Sweeper {
    var store: ConversationStore
    var logger: Logger

    func sweep() async {
        switch await store.sweep() {
        case .success(0): break
        case .success(let count): logger.info("expired conversations removed", metadata: ["count": "\(count)"])
        case .failure(let error): logger.warning("sweep failed; it runs again", metadata: ["error": "\(error)"])
        }
    }
}
