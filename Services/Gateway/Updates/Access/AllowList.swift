import Logging
import ServiceKit
import Synchronization

/// The allow-list that is in force, remembered so that no reload, restart or reboot opens the door.
///
/// A list takes effect when it is remembered, durably. While one cannot be remembered, only who is on it and on the one
/// that is remembered is let in; it is tried again until it can.
final class AllowList: Sendable {
    static let retryInterval: Duration = .seconds(5)

    private struct State {
        var setting: AllowedUsersSetting
        /// What is to be in force.
        var wanted: AllowedUsers
        var inForce: AllowedUsers
        /// What the file holds; nil when that is not known, or nothing.
        var remembered: AllowedUsers?
        /// Why what the file holds could not be read at the start.
        var unreadable: String?
        /// Why `wanted` cannot be remembered.
        var unwritable: String?
    }

    private let file: AllowListFile
    private let logger: Logger
    private let state: Mutex<State>
    /// Held while the file is written: those who only look at `state` do not wait for the disk.
    private let writing = Mutex(())
    private let failures: AsyncStream<Void>
    private let failed: AsyncStream<Void>.Continuation

    init(path: String, _ setting: AllowedUsersSetting, logger: Logger) {
        file = AllowListFile(path: path)
        self.logger = logger
        (failures, failed) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        let remembered = file.read()
        let wanted = AllowedUsers.atStart(setting, remembered)
        var first = State(setting: setting, wanted: wanted, inForce: .none)
        switch remembered {
        case .nothing:
            // Until it is remembered that there was a first start, a later one cannot be told from it.
            if setting != .missing { first.inForce = wanted }
        case .known(let earlier):
            first.remembered = earlier
            first.inForce = wanted.intersection(earlier)
        case .unreadable(let reason):
            first.inForce = wanted
            if setting == .missing { first.unreadable = reason }
        }
        state = Mutex(first)
        // What cannot be read is kept for the operator, and stays closed, until another list takes its place.
        if first.unreadable == nil { remember() }
        warn()
    }

    deinit { failed.finish() }

    var current: AllowedUsers { state.withLock { $0.inForce } }

    /// The settings were read again.
    /// - Returns: whether another list is in force.
    func reloaded(_ setting: AllowedUsersSetting) -> Bool {
        let before = current
        state.withLock { state in
            state.setting = setting
            state.wanted = state.wanted.after(setting)
            if setting != .missing { state.unreadable = nil }
        }
        if state.withLock({ $0.unreadable == nil }) { remember() }
        warn()
        return current != before
    }

    /// The group `old` became the supergroup `new`. When this returns, that is remembered, if it can be.
    func migrated(from old: Int64, to new: Int64) {
        let isNews = state.withLock { state in
            guard state.wanted.migrated(from: old, to: new) else { return false }
            // A group that is let in stays so, under whichever name.
            _ = state.inForce.migrated(from: old, to: new)
            return true
        }
        guard isNews else { return }
        logger.notice(
            "a group that is let in became a supergroup, which is let in now", metadata: ["chat.id": "\(new)"])
        remember()
    }

    /// Tries again to remember what could not be. Until cancelled.
    func run() async {
        for await _ in failures {
            while !Task.isCancelled, state.withLock({ $0.unwritable != nil }) {
                try? await Task.sleep(for: Self.retryInterval)
                if !Task.isCancelled { remember() }
            }
        }
    }

    private func remember() {
        writing.withLock { _ in
            let (wanted, remembered, before) = state.withLock { ($0.wanted, $0.remembered, $0.unwritable) }
            do throws(DurableFile.Failure) {
                if wanted != remembered { try file.write(wanted) }
                state.withLock { state in
                    (state.remembered, state.inForce, state.unwritable) = (wanted, wanted, nil)
                }
                if before != nil { logger.notice("the allow-list is remembered again") }
            } catch {
                state.withLock { state in
                    state.unwritable = error.description
                    if let remembered { state.inForce = wanted.intersection(remembered) }
                }
                if before == nil {
                    logger.error(
                        "the allow-list cannot be remembered; only who is on it and on the earlier one is let in",
                        metadata: ["error": "\(error)"])
                }
                failed.yield()
            }
        }
    }

    // MARK: What an operator should know

    /// What is the matter; nil when nothing is. `isTrouble`: more people are refused than the settings say.
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
            let advice = "make the directory writable, or room on its disk"
            if state.inForce == .none {
                return ("everyone is refused: it cannot be remembered who is let in (\(reason)); \(advice)", true)
            }
            let text = """
                the allow-list cannot be remembered (\(reason)): only who is on it and on the earlier one is let in; \
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
        logger.warning("the allow-list is not as the settings have it", metadata: ["reason": "\(notice.text)"])
    }
}
