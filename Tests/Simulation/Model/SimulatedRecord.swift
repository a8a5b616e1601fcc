import Contracts
import Persistence

/// What a virtual tier must know of a record to treat it as a real one does.
protocol SimulatedRecord: TieredRecord, Equatable {
    var revision: Revision { get set }
    /// The column by which a tier notices another program's change of the row.
    var changedAt: Timestamp { get set }
    /// When a tombstone was made.
    var goneAt: Timestamp { get }
    /// What no other live record may have.
    var nameOfItsOwn: String? { get }
    var requestOfItsOwn: String? { get }
    /// What no other live record may have in the end, although a tier would let it.
    var nameToAPerson: String? { get }
    /// With a name that no client can choose.
    var withoutName: Self { get }
    /// Whether tombstones are in a table of their own, where only the revision counts.
    static var tombstonesAreApart: Bool { get }
    /// Whether the store itself may have made `self` of `base`.
    func isMade(of base: Self) -> Bool
    /// The same as another program leaves it.
    func changedOutside(at moment: Timestamp, by text: String) -> Self
    /// The tombstone that a trigger leaves of it.
    func deletedOutside(at moment: Timestamp) -> Self
    /// The order of a tier's pages.
    static func isOrdered(_ key: Key, _ other: Key) -> Bool
    /// In a few words, for a report.
    var summary: String { get }
}

extension SimulatedRecord {
    var isEmptied: Bool { isTombstone && self == emptied }
}

extension ConversationRecord: SimulatedRecord {
    var changedAt: Timestamp {
        get { updatedAt }
        set { updatedAt = newValue }
    }
    var goneAt: Timestamp { updatedAt }
    var nameOfItsOwn: String? { nil }
    var requestOfItsOwn: String? { nil }
    var nameToAPerson: String? { nil }
    var withoutName: ConversationRecord { self }
    static var tombstonesAreApart: Bool { false }

    /// It was put back after a deletion that an operator rejected. A sweep is an operation like any other.
    func isMade(of base: ConversationRecord) -> Bool { !isClosed && base.at(revision) == self }

    func deletedOutside(at moment: Timestamp) -> ConversationRecord {
        var record = self
        record.isClosed = true
        record.data = [:]
        record.updatedAt = moment
        record.revision = Revision(at: moment)
        return record
    }

    func changedOutside(at moment: Timestamp, by text: String) -> ConversationRecord {
        var record = self
        record.step = text
        record.updatedAt = moment
        return record
    }

    static func isOrdered(_ key: ConversationKey, _ other: ConversationKey) -> Bool {
        (key.userID, key.chatID, key.type) < (other.userID, other.chatID, other.type)
    }

    /// The updates that were saved into it.
    var log: [Int64] { data["log"]?.arrayValue?.compactMap(\.integerValue) ?? [] }

    var summary: String { "\(revision.rawValue) \(isClosed ? "closed" : "open") \(log)" }
}

extension MachineRecord: SimulatedRecord {
    var changedAt: Timestamp {
        get { updatedAt }
        set { updatedAt = newValue }
    }
    var goneAt: Timestamp { deletedAt ?? updatedAt }
    var nameOfItsOwn: String? { isDeleted ? nil : "\(userID)/\(details.nickname)" }
    var requestOfItsOwn: String? { requestID }
    var nameToAPerson: String? { isDeleted ? nil : "\(userID)/\(Nickname.folded(details.nickname))" }
    var withoutName: MachineRecord {
        var record = self
        record.details.nickname = "\u{1}\(id)"
        return record
    }
    static var tombstonesAreApart: Bool { true }

    func deletedOutside(at moment: Timestamp) -> MachineRecord {
        var record = self
        record.updatedAt = moment
        record.deletedAt = moment
        record.revision = Revision(at: moment)
        return record
    }

    /// It had to make way for another machine of its name, or was put back after a deletion that an operator rejected.
    func isMade(of base: MachineRecord) -> Bool {
        if !isDeleted, base.at(revision) == self { return true }
        var expected = base
        expected.revision = revision
        expected.updatedAt = updatedAt
        expected.details.nickname = details.nickname
        expected.renamedFrom = renamedFrom
        guard expected == self, let renamedFrom else { return false }
        return renamedFrom == base.renamedFrom ?? base.details.nickname && details.nickname.hasSuffix(")")
            && details.nickname.contains(" (")
    }

    func changedOutside(at moment: Timestamp, by text: String) -> MachineRecord {
        var record = self
        record.details.texts[.location] = text
        record.updatedAt = moment
        return record
    }

    static func isOrdered(_ key: String, _ other: String) -> Bool { key < other }

    var summary: String {
        let renaming = renamedFrom.map { " from '\($0)'" } ?? ""
        return "\(revision.rawValue) '\(details.nickname)'\(renaming)\(isDeleted ? " deleted" : "")"
    }
}
