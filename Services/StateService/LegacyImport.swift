import Contracts
import Glibc
import Logging
import Persistence
import ServiceKit

/// Imports, once, the open conversations in the earlier bot's SQLite file.
struct LegacyImport {
    var path: String
    var store: ConversationStore
    var logger: Logger
    /// Called for each page.
    var progressed: @Sendable (String) -> Void

    /// The note in the store that this file was imported.
    private var fact: String { "legacy_imported \(path)" }

    /// Imports the file, unless the store remembers that it was imported. Logs a file that is missing or cannot be
    /// read; the next start tries again.
    func run() async {
        // If the note cannot be read, the import runs again. That is harmless: a second import changes no row.
        if case .success(_?) = await store.remembered(fact) { return }
        var logger = logger
        logger[metadataKey: "path"] = "\(path)"
        guard access(path, F_OK) == 0 || errno != ENOENT else {
            return logger.notice("RIVET_LEGACY_SQLITE names a file that is not there: nothing is imported")
        }
        do throws(SQLiteError) {
            let legacy = try LegacyConversations(path: path, now: .now())
            var (imported, expired, unreadable) = (0, 0, 0)
            while let page = try legacy.next() {
                progressed("importing the earlier bot's conversations")
                expired += page.expired
                unreadable += page.unreadable.count
                for row in page.unreadable { logUnreadable(row, logger) }
                switch await store.importConversations(page.conversations) {
                case .success(let count): imported += count
                case .failure(let error):
                    return logger.error(
                        "the earlier bot's conversations could not be imported; the next start tries again",
                        metadata: ["error": "\(error)"])
                }
            }
            logger.notice(
                "the earlier bot's conversations were imported",
                metadata: ["imported": "\(imported)", "expired": "\(expired)", "unreadable": "\(unreadable)"])
            if case .failure(let error) = await store.remember(fact) {
                logger.warning(
                    "could not record that the import is done; the next start runs it again",
                    metadata: ["error": "\(error)"])
            }
        } catch {
            logger.error(
                """
                the earlier bot's file cannot be read, and nothing more is imported; is it the right file, and may \
                this user read it? Then restart, or run rivetctl import-legacy
                """,
                metadata: ["error": "\(error)"])
        }
    }

    private func logUnreadable(_ row: LegacyConversations.Unreadable, _ logger: Logger) {
        logger.warning(
            "a conversation of the earlier bot cannot be read and is left out; the person must start again",
            metadata: ["user.id": "\(row.userID)", "chat.id": "\(row.chatID)", "reason": "\(row.reason)"])
    }
}
