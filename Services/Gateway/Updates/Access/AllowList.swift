import Logging
import ServiceKit
import Synchronization

/// The allow-list that is in force. It is stored in a file, so that no reload, restart or reboot opens the bot.
///
/// A list takes effect when it is stored durably. While it cannot be stored, only people on both it and the stored list
/// are let in, and the write is tried again.
final class AllowList: Sendable {
    static let retryInterval: Duration = .seconds(5)

    private struct State {
        var setting: AllowedUsersSetting
        /// The list that the settings ask for.
        var wanted: AllowedUsers
        var inForce: AllowedUsers
        /// The list in the file; nil if there is none or it is not known.
        var stored: AllowedUsers?
        /// Why the file could not be read at the start.
        var unreadable: String?
        /// Why `wanted` cannot be stored.
        var unwritable: String?
    }

    private let file: AllowListFile
    private let logger: Logger
    private let state: Mutex<State>
    /// Locked while the file is written, so that readers of `state` do not wait for the disk.
    private let writing = Mutex(())
    private let failures: AsyncStream<Void>
    private let failed: AsyncStream<Void>.Continuation

    init(path: String, _ setting: AllowedUsersSetting, logger: Logger) {
        file = AllowListFile(path: path)
        self.logger = logger
        (failures, failed) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        let found = file.read()
        let wanted = AllowedUsers.atStart(setting, found)
        var first = State(setting: setting, wanted: wanted, inForce: .none)
        switch found {
        case .nothing:
            // Until the file is written, a later start looks like this first one.
            if setting != .missing { first.inForce = wanted }
        case .known(let earlier):
            first.stored = earlier
            first.inForce = wanted.intersection(earlier)
        case .unreadable(let reason):
            first.inForce = wanted
            if setting == .missing { first.unreadable = reason }
        }
        state = Mutex(first)
        // A file that cannot be read is kept for the operator until another list replaces it. Until then, everyone is
        // refused.
        if first.unreadable == nil { store() }
        warn()
    }

    deinit { failed.finish() }

    var current: AllowedUsers { state.withLock { $0.inForce } }

    /// The settings were read again.
    ///
    /// - Returns: whether the list in force changed.
    func reloaded(_ setting: AllowedUsersSetting) -> Bool {
        let before = current
        state.withLock { state in
            state.setting = setting
            state.wanted = state.wanted.after(setting)
            if setting != .missing { state.unreadable = nil }
        }
        if state.withLock({ $0.unreadable == nil }) { store() }
        warn()
        return current != before
    }

    /// The group `old` became the supergroup `new`. When this returns, that is stored, unless the write failed.
    func migrated(from old: Int64, to new: Int64) {
        let isNews = state.withLock { state in
            guard state.wanted.migrated(from: old, to: new) else { return false }
            // A group that is let in stays let in under its new id.
            _ = state.inForce.migrated(from: old, to: new)
            return true
        }
        guard isNews else { return }
        logger.notice(
            "an allowed group became a supergroup; the supergroup is allowed too", metadata: ["chat.id": "\(new)"])
        store()
    }

    /// Runs until cancelled: tries again to store a list that could not be stored.
    func run() async {
        for await _ in failures {
            while !Task.isCancelled, state.withLock({ $0.unwritable != nil }) {
                try? await Task.sleep(for: Self.retryInterval)
                if !Task.isCancelled { store() }
            }
        }
    }

    private func store() {
        writing.withLock { _ in
            let (wanted, stored, before) = state.withLock { ($0.wanted, $0.stored, $0.unwritable) }
            do throws(DurableFile.Failure) {
                if wanted != stored { try file.write(wanted) }
                state.withLock { state in
                    (state.stored, state.inForce, state.unwritable) = (wanted, wanted, nil)
                }
                if before != nil { logger.notice("the allow-list is stored again") }
            } catch {
                state.withLock { state in
                    state.unwritable = error.description
                    if let stored { state.inForce = wanted.intersection(stored) }
                }
                if before == nil {
                    logger.error(
                        "the allow-list cannot be stored; only people on both it and the stored one are let in",
                        metadata: ["error": "\(error)"])
                }
                failed.yield()
            }
        }
    }

    // MARK: What an operator should know

    /// A trouble or a remark about the list; nil if there is none. `isTrouble`: more people are refused than the
    /// settings say.
    var notice: (text: String, isTrouble: Bool)? {
        let state = state.withLock { $0 }
        let anotherOne = "RIVET_ALLOWED_USERS=* (everyone) or another list"
        if let reason = state.unreadable {
            let text = """
                everyone is refused: RIVET_ALLOWED_USERS is not set, and the list that was in force cannot be read \
                (\(reason)); set \(anotherOne), then reload
                """
            return (text, true)
        }
        if let reason = state.unwritable {
            let advice = "make its directory writable, or make room on its disk"
            if state.inForce == .none {
                return ("everyone is refused: the allow-list cannot be stored (\(reason)); \(advice)", true)
            }
            let text = """
                the allow-list cannot be stored (\(reason)): only people on both it and the stored one are let in; \
                \(advice)
                """
            return (text, true)
        }
        if state.setting == .missing, case .only(let ids) = state.inForce.rule {
            let text = """
                RIVET_ALLOWED_USERS is not set any more: the last list (\(ids.count) \(ids.count == 1 ? "id" : "ids")) \
                stays in force until \(anotherOne) is given
                """
            return (text, false)
        }
        return nil
    }

    private func warn() {
        guard let notice, state.withLock({ $0.unwritable == nil }) else { return }
        logger.warning("the allow-list in force differs from the settings", metadata: ["reason": "\(notice.text)"])
    }
}
