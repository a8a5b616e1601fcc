public import Contracts

/// The newest revision of one machine, or its tombstone, which keeps everything for `library.restore`, for 30 days.
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
    /// The nickname that its person gave, when it had to make way for another machine's and the person does not know
    /// that yet.
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

    /// Its request stays too: the same one again adds no machine.
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

    /// Whether each of `words` is a word, or the beginning of one, in some field.
    func matches(_ words: [String]) -> Bool {
        let texts =
            [details.nickname] + MachineField.allCases.filter { $0 != .photoFileID }.compactMap { details.texts[$0] }
        let own = texts.flatMap { MachineQuery.words(of: $0).map { $0.lowercased() } }
        return words.allSatisfy { word in own.contains { $0.hasPrefix(word.lowercased()) } }
    }
}
