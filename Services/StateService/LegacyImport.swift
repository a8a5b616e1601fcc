import Contracts
import Glibc
import Logging
import Persistence
import ServiceKit

/// Takes over, once, the open conversations that the earlier bot left in its SQLite file.
struct LegacyImport {
    var path: String
    var store: ConversationStore
    var logger: Logger
    /// Is told at each page.
    var progressed: @Sendable (String) -> Void

    /// What is remembered when it is done, so that it is done once.
    private var fact: String { "legacy_imported \(path)" }

    /// A file that is missing or cannot be read is logged and looked for at the next start.
    func run() async {
        // What cannot be told is done again: rows that were taken in are not newer the second time.
        if case .success(_?) = await store.remembered(fact) { return }
        var logger = logger
        logger[metadataKey: "path"] = "\(path)"
        guard access(path, F_OK) == 0 || errno != ENOENT else {
            return logger.notice("RIVET_LEGACY_SQLITE names a file that is not there: nothing is taken in")
        }
        do throws(SQLiteError) {
            let legacy = try LegacyConversations(path: path, now: .now())
            var (imported, expired, unreadable) = (0, 0, 0)
            while let page = try legacy.next() {
                progressed("taking in the earlier bot's conversations")
                expired += page.expired
                unreadable += page.unreadable.count
                for row in page.unreadable { tell(row, logger) }
                switch await store.importConversations(page.conversations) {
                case .success(let count): imported += count
                case .failure(let error):
                    return logger.error(
                        "the earlier bot's conversations could not be taken in; they are at the next start",
                        metadata: ["error": "\(error)"])
                }
            }
            logger.notice(
                "the earlier bot's conversations were taken in",
                metadata: ["imported": "\(imported)", "expired": "\(expired)", "unreadable": "\(unreadable)"])
            if case .failure(let error) = await store.remember(fact) {
                logger.warning("that could not be remembered; it is done again", metadata: ["error": "\(error)"])
            }
        } catch {
            logger.error(
                """
                the earlier bot's file cannot be read, and nothing more is taken in; is it the right one, and may this \
                user read it? Then restart, or run rivetctl import-legacy
                """,
                metadata: ["error": "\(error)"])
        }
    }

    private func tell(_ row: LegacyConversations.Unreadable, _ logger: Logger) {
        logger.warning(
            "a conversation of the earlier bot cannot be read and is left out; its person has to begin again",
            metadata: ["user.id": "\(row.userID)", "chat.id": "\(row.chatID)", "reason": "\(row.reason)"])
    }
}
