public import Contracts

/// The newest revision of one machine, or its tombstone. A tombstone keeps the content for `library.restore` for 30
/// days.
public struct MachineRecord: TieredRecord, Equatable {
    /// A UUID in lower case.
    public var id: String
    /// The `request_id` of the call that added it; nil for a row of an earlier program.
    public var requestID: String?
    public var revision: Revision
    public var userID: String
    public var details: MachineDetails
    public var createdAt: Timestamp
    public var updatedAt: Timestamp
    /// Nil while it is in the library.
    public var deletedAt: Timestamp?
    /// The nickname that its person chose, if the machine was renamed because of another machine and the person does
    /// not know that yet.
    public var renamedFrom: String?

    package init(
        id: String, requestID: String? = nil, revision: Revision, userID: String, details: MachineDetails,
        createdAt: Timestamp, updatedAt: Timestamp, deletedAt: Timestamp? = nil, renamedFrom: String? = nil
    ) {
        self.id = id
        self.requestID = requestID
        self.revision = revision
        self.userID = userID
        self.details = details
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.deletedAt = deletedAt
        self.renamedFrom = renamedFrom
    }

    public var key: String { id }
    public var isDeleted: Bool { deletedAt != nil }
    var nicknameKey: String { Nickname.folded(details.nickname) }

    public var isTombstone: Bool { isDeleted }
    public func isLive(at now: Timestamp) -> Bool { !isDeleted }

    public func at(_ revision: Revision) -> MachineRecord {
        var record = self
        record.revision = revision
        return record
    }

    /// Whether the two have the same nickname, ignoring case.
    func hasNickname(of other: MachineRecord) -> Bool {
        let (own, others) = (details.nickname, other.details.nickname)
        if plantedBug(.nicknamesComparedByBytes) { return own.utf8.elementsEqual(others.utf8) }
        // A page of one person's machines compares each with every other, and most differ in their first letters.
        guard own.utf8.allSatisfy({ $0 < 0x80 }), others.utf8.allSatisfy({ $0 < 0x80 }) else {
            return nicknameKey == other.nicknameKey
        }
        func lowercased(_ byte: UInt8) -> UInt8 { (0x41...0x5A).contains(byte) ? byte | 0x20 : byte }
        return own.utf8.elementsEqual(others.utf8) { lowercased($0) == lowercased($1) }
    }

    /// Whether this machine keeps the nickname, of two that have the same one. A row of another program comes before a
    /// record of Rivet; among equals the one that was created first, and then the one with the lower id. These values
    /// never change, so every store decides the same, in whatever order the machines arrive.
    ///
    /// For rows of other programs only the hour counts, since the creation time of a row without a time is not known
    /// more precisely.
    func keepsNickname(against other: MachineRecord) -> Bool {
        func rank(_ record: MachineRecord) -> (Int, Int64, String) {
            let made = record.createdAt.milliseconds
            return record.requestID == nil ? (0, made / 3_600_000, record.id) : (1, made, record.id)
        }
        return rank(self) < rank(other)
    }

    /// It keeps its request id, so that a repeated request adds no machine.
    public var emptied: MachineRecord {
        MachineRecord(
            id: id, requestID: requestID, revision: revision, userID: userID, details: MachineDetails(nickname: ""),
            createdAt: .longGone, updatedAt: .longGone, deletedAt: .longGone)
    }

    public var memoryCost: Int {
        let texts = details.texts.values.reduce(0) { $0 + 32 + $1.utf8.count }
        return 400 + details.nickname.utf8.count + texts + (details.ocrData?.memoryCost ?? 0)
    }

    func machine(storedIn: [TierName]) -> Machine {
        Machine(
            id: id, userID: userID, details: details, revision: revision, createdAt: createdAt, updatedAt: updatedAt,
            storedIn: storedIn)
    }

    /// Whether each of `words` is a word or the beginning of a word in some field.
    func matches(_ words: [String]) -> Bool {
        let texts =
            [details.nickname] + MachineField.allCases.filter { $0 != .photoFileID }.compactMap { details.texts[$0] }
        let own = texts.flatMap { MachineQuery.words(of: $0).map { $0.lowercased() } }
        return words.allSatisfy { word in own.contains { $0.hasPrefix(word.lowercased()) } }
    }
}
