import ServiceKit

/// Who may use the bot. A value without I/O: what is in force, or remembered.
struct AllowedUsers: Sendable, Equatable {
    enum Rule: Sendable, Equatable {
        case everyone
        /// Users, and groups, whose ids are negative.
        case only(Set<Int64>)
    }

    /// Only groups that are listed add to them, and each once.
    static let successorsMax = 100

    var rule: Rule
    /// What groups have become, by the group's id: the supergroup's id.
    private(set) var successors: [Int64: Int64]

    init(_ rule: Rule, successors: [Int64: Int64] = [:]) {
        self.rule = rule
        self.successors = successors
    }

    static let everyone = AllowedUsers(.everyone)
    /// Refuses everyone.
    static let none = AllowedUsers(.only([]))

    /// Whether a user is let in who writes in the chat `chatID`; nil when that is not known.
    ///
    /// A listed group lets in every user who writes in it, there only.
    func admits(_ userID: Int64, in chatID: Int64?) -> Bool {
        guard case .only(let ids) = rule else { return true }
        if userID > 0, ids.contains(userID) { return true }
        return chatID.map { isListed(group: $0, ids) } ?? false
    }

    private func isListed(group: Int64, _ ids: Set<Int64>) -> Bool {
        guard group < 0 else { return false }
        if ids.contains(group) { return true }
        guard !successors.isEmpty else { return false }
        return ids.contains { listed in
            var name = listed
            // A circle ends, too.
            for _ in 0..<successors.count {
                guard let next = successors[name] else { return false }
                if next == group { return true }
                name = next
            }
            return false
        }
    }

    /// The group `old` became the supergroup `new`, which is let in from now on if `old` is.
    ///
    /// - Returns: whether anything changed.
    mutating func migrated(from old: Int64, to new: Int64) -> Bool {
        guard old < 0, new < 0, old != new, successors[old] != new, case .only(let ids) = rule,
            isListed(group: old, ids), successors.count < Self.successorsMax || successors[old] != nil
        else { return false }
        successors[old] = new
        return true
    }

    /// Who is let in by this and by `other`.
    func intersection(_ other: AllowedUsers) -> AllowedUsers {
        let rule: Rule =
            switch (self.rule, other.rule) {
            case (.everyone, let rule), (let rule, .everyone): rule
            case (.only(let ids), .only(let others)): .only(ids.intersection(others))
            }
        return AllowedUsers(rule, successors: successors)
    }

    // MARK: What a setting makes of it

    /// What is in force after the setting was read again. A list that is not found any more stays.
    func after(_ setting: AllowedUsersSetting) -> AllowedUsers {
        switch setting {
        case .missing: self
        case .everyone: AllowedUsers(.everyone, successors: successors)
        case .ids(let ids): AllowedUsers(.only(ids), successors: successors)
        }
    }

    /// What an earlier process left.
    enum Remembered: Sendable, Equatable {
        case nothing
        case known(AllowedUsers)
        /// There is something, and it cannot be read.
        case unreadable(reason: String)
    }

    /// What is in force at a start.
    static func atStart(_ setting: AllowedUsersSetting, _ remembered: Remembered) -> AllowedUsers {
        switch remembered {
        case .nothing: everyone.after(setting)
        case .known(let earlier): earlier.after(setting)
        case .unreadable: none.after(setting)
        }
    }
}
