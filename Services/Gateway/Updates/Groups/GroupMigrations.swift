import Glibc
import Logging
import ServiceKit
import Synchronization

/// Knows which groups became supergroups, and keeps that in a file for the next process.
///
/// If the file is missing or cannot be read, the entries tell it (``GroupFollower/relearn()``). So a process that
/// cannot write the file removes it.
final class GroupMigrations: Sendable {
    static let bytesMax = 1 << 20
    private static let pause: Duration = .milliseconds(50)

    /// A migration that Telegram told.
    private struct News: Sendable {
        var pair: GroupIDs.Pair
        /// Called when everything that follows from it is done.
        var ended: @Sendable () -> Void
    }

    private struct State {
        var ids = GroupIDs()
        var isKnown = false
        /// What the file holds; nil if that is not known.
        var stored: [UInt8]?
    }

    private let path: String
    private let logger: Logger
    private let state: Mutex<State>
    private let news: AsyncStream<News>
    private let newsEntry: AsyncStream<News>.Continuation

    /// - Parameter path: the file that keeps the ids.
    init(path: String, logger: Logger) {
        self.path = path
        self.logger = logger
        (news, newsEntry) = AsyncStream.makeStream()
        var state = State()
        do throws(DurableFile.Failure) {
            state.stored = try DurableFile.read(path, bytesMax: Self.bytesMax)
            if let bytes = state.stored {
                if let ids = GroupIDs(bytes) {
                    (state.ids, state.isKnown) = (ids, true)
                } else {
                    logger.warning("the file of migrated groups is damaged", metadata: ["path": "\(path)"])
                }
            }
        } catch {
            logger.warning("cannot read which groups became supergroups", metadata: ["error": "\(error)"])
        }
        self.state = Mutex(state)
    }

    deinit { newsEntry.finish() }

    var current: GroupIDs { state.withLock { $0.ids } }

    /// Whether all that earlier processes learned is known.
    var isKnown: Bool { state.withLock { $0.isKnown } }

    /// The entries told these pairs, because the file did not.
    func relearned(_ pairs: [GroupIDs.Pair]) {
        state.withLock { state in
            for pair in pairs { state.ids.migrated(pair.group, to: pair.supergroup) }
            state.isKnown = true
        }
        store()
    }

    /// A group became a supergroup. That is known at once; the rest follows in ``run(_:)``.
    func migrated(_ pair: GroupIDs.Pair, ended: @escaping @Sendable () -> Void = {}) {
        let isNew = state.withLock { $0.ids.migrated(pair.group, to: pair.supergroup) }
        if isNew {
            logger.notice(
                "a group became a supergroup", metadata: ["chat.id": "\(pair.supergroup)", "before": "\(pair.group)"])
        }
        newsEntry.yield(News(pair: pair, ended: ended))
    }

    /// Runs until cancelled: writes each migration to the file, and calls `follow` with it.
    func run(_ follow: @Sendable (GroupIDs.Pair) async -> Void) async {
        for await news in self.news {
            // A file that is written before would look complete to the next process.
            while !isKnown, !Task.isCancelled { try? await Task.sleep(for: Self.pause) }
            guard !Task.isCancelled else { return }
            store()
            await follow(news.pair)
            guard !Task.isCancelled else { return }
            news.ended()
        }
    }

    private func store() {
        let (bytes, stored) = state.withLock { ($0.ids.bytes, $0.stored) }
        guard bytes != stored else { return }
        do throws(DurableFile.Failure) {
            try DurableFile.replace(path, with: bytes)
            state.withLock { $0.stored = bytes }
        } catch {
            unlink(path)
            state.withLock { $0.stored = nil }
            logger.error(
                "cannot write down which groups became supergroups; the next process asks the state-service",
                metadata: ["error": "\(error)"])
        }
    }
}
