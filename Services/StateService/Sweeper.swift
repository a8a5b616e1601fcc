import Logging
import Persistence

/// Removes what has expired, and says so when it was something.
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
