import Logging
import ServiceKit
import Synchronization

/// Learns which groups became supergroups, and keeps that in a file for the next process.
///
/// Telegram tells it in two service messages, one in each chat, and once more when it refuses a message to the old id.
/// Any one of these is enough.
final class GroupMigrations: Sendable {
    static let retryInterval: Duration = .seconds(5)
    static let bytesMax = 1 << 20

    /// A migration that Telegram told.
    private struct News: Sendable {
        var group: Int64
        /// Called when the migration is stored and its people were asked.
        var ended: @Sendable () -> Void
    }

    private let path: String
    private let logger: Logger
    private let ids: Mutex<GroupIDs>
    private let news: AsyncStream<News>
    private let newsEntry: AsyncStream<News>.Continuation

    /// - Parameter path: the file that keeps the ids.
    init(path: String, logger: Logger) {
        self.path = path
        self.logger = logger
        (news, newsEntry) = AsyncStream.makeStream()
        do throws(DurableFile.Failure) {
            ids = Mutex(GroupIDs(try DurableFile.read(path, bytesMax: Self.bytesMax) ?? []))
        } catch {
            ids = Mutex(GroupIDs())
            logger.warning(
                "cannot read which groups became supergroups; Telegram tells it again when it refuses a message",
                metadata: ["error": "\(error)"])
        }
    }

    deinit { newsEntry.finish() }

    var current: GroupIDs { ids.withLock { $0 } }

    /// `group` became `supergroup`. Known at once; `ended` is called when that is stored and the open questions were
    /// repeated in the supergroup.
    func migrated(_ group: Int64, to supergroup: Int64, ended: @escaping @Sendable () -> Void = {}) {
        let isNew = ids.withLock { $0.migrated(group, to: supergroup) }
        if isNew {
            logger.notice(
                "a group became a supergroup", metadata: ["chat.id": "\(supergroup)", "before": "\(group)"])
        }
        newsEntry.yield(News(group: group, ended: ended))
    }

    /// Runs until cancelled: stores each migration, then calls `ask` with the group's first id.
    func run(_ ask: @Sendable (Int64) async -> Void) async {
        for await news in self.news {
            await store()
            guard !Task.isCancelled else { return }
            await ask(news.group)
            guard !Task.isCancelled else { return }
            news.ended()
        }
    }

    /// Writes the file; tries again until that works.
    private func store() async {
        var hasFailed = false
        while !Task.isCancelled {
            do throws(DurableFile.Failure) {
                let stored = try DurableFile.read(path, bytesMax: Self.bytesMax) ?? []
                // If the file could not be read at the start, it may know more than this process.
                let bytes = ids.withLock { ids in
                    for pair in GroupIDs(stored).pairs { ids.migrated(pair.group, to: pair.supergroup) }
                    return ids.bytes
                }
                if stored != bytes { try DurableFile.replace(path, with: bytes) }
                return
            } catch {
                if !hasFailed {
                    logger.error(
                        "cannot write down which group became a supergroup; trying again",
                        metadata: ["error": "\(error)"])
                }
                hasFailed = true
                try? await Task.sleep(for: Self.retryInterval)
            }
        }
    }
}
