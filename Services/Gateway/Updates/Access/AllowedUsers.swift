import ServiceKit

/// The people and groups that may use the bot: the list in force or the stored one. A value without I/O.
struct AllowedUsers: Sendable, Equatable {
    enum Rule: Sendable, Equatable {
        case everyone
        /// The ids of users and of groups. A group's id is negative.
        case only(Set<Int64>)
    }

    /// The bound on successors. Only listed groups add them, each one once.
    static let successorsMax = 100

    var rule: Rule
    /// The ids of the supergroups that groups became, by the group's id.
    private(set) var successors: [Int64: Int64]

    init(_ rule: Rule, successors: [Int64: Int64] = [:]) {
        self.rule = rule
        self.successors = successors
    }

    static let everyone = AllowedUsers(.everyone)
    /// Refuses everyone.
    static let none = AllowedUsers(.only([]))

    /// Whether a user who writes in the chat `chatID` is let in; `chatID` is nil if it is not known.
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
            // The count bounds a circle of successors.
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

    /// The people and groups that both this and `other` let in.
    func intersection(_ other: AllowedUsers) -> AllowedUsers {
        let rule: Rule =
            switch (self.rule, other.rule) {
            case (.everyone, let rule), (let rule, .everyone): rule
            case (.only(let ids), .only(let others)): .only(ids.intersection(others))
            }
        return AllowedUsers(rule, successors: successors)
    }

    // MARK: - A setting's effect

    /// The list in force after the setting was read again. If the setting is gone, the list stays.
    func after(_ setting: AllowedUsersSetting) -> AllowedUsers {
        switch setting {
        case .missing: self
        case .everyone: AllowedUsers(.everyone, successors: successors)
        case .ids(let ids): AllowedUsers(.only(ids), successors: successors)
        }
    }

    /// What an earlier process stored.
    enum Remembered: Sendable, Equatable {
        case nothing
        case known(AllowedUsers)
        /// A file that cannot be read.
        case unreadable(reason: String)
    }

    /// The list that is to be in force at a start.
    static func atStart(_ setting: AllowedUsersSetting, _ remembered: Remembered) -> AllowedUsers {
        switch remembered {
        case .nothing: everyone.after(setting)
        case .known(let earlier): earlier.after(setting)
        case .unreadable: none.after(setting)
        }
    }
}
