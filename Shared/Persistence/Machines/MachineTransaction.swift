public import Contracts

/// The queries of `user_machines` that decisions about machines need.
public protocol MachineRows: LocalTable where Record == MachineRecord {
    /// The machine that an earlier call with this request added, even if it was deleted since.
    func added(by requestID: String) throws(SQLiteError) -> MachineRecord?
    /// The ids of a user's machines whose nicknames fold to `nicknameKey`.
    func ids(userID: String, nicknameKey: String) throws(SQLiteError) -> [String]
    /// The ids of other machines of that user whose nickname may be the same as this one's.
    func rivals(of record: MachineRecord) throws(SQLiteError) -> [String]
}

extension MachineRows {
    /// Two machines of one user cannot have the same nickname, ignoring case. One keeps it, the same one on every store
    /// (`MachineRecord.keepsNickname`). The others get a number, and their person is informed. Since no person decided
    /// that, it gets a low revision: a person's later change of the machine, perhaps in a tier that is unavailable now,
    /// wins over it.
    public static func adopt(
        _ record: MachineRecord, owedTo tiers: TierSet, mayRename: Bool, leaving: Set<String>,
        in transaction: inout StoreTransaction<Self>
    ) throws(RPCError) -> Bool {
        guard !record.isDeleted, !plantedBug(.clashOverwrites) else {
            transaction.put(record, owedTo: tiers)
            return true
        }
        let rivals = try transaction.rivals(of: record).filter { !leaving.contains($0.id) }
        guard rivals.isEmpty || mayRename else { return false }
        let keeper = rivals.reduce(record) { $1.keepsNickname(against: $0) ? $1 : $0 }
        for rival in rivals where rival.id != keeper.id { transaction.put(try transaction.renamed(rival)) }
        if keeper.id == record.id {
            transaction.put(record, owedTo: tiers)
        } else {
            // No tier has the machine under this nickname.
            transaction.put(try transaction.renamed(record))
        }
        return true
    }
}

/// The decisions of the methods of `library.sock`.
extension StoreTransaction where Table: MachineRows {
    /// Idempotent by request id: a repeated request returns the same machine and adds none.
    package mutating func add(_ params: LibraryAdd.Params) throws(RPCError) -> MachineRecord {
        // A machine that Rivet added has the id of its request. So it is found even if the table has lost it and memory
        // has not.
        var known = try get(params.requestID)
        if known == nil { known = try added(by: params.requestID) }
        if let earlier = known, !plantedBug(.retryAppliesTwice) {
            guard earlier.userID == params.userID else {
                throw .invalidArgument("request_id", "a UUID that no other user's request has")
            }
            return earlier
        }
        try requireFree(params.details.nickname, userID: params.userID)
        // The machine's id is the request's. If the request is repeated on another host, or after the disk was lost,
        // both are the same machine.
        let id = plantedBug(.retryAppliesTwice) ? "\(params.requestID)-\(now.milliseconds)" : params.requestID
        let record = MachineRecord(
            id: id, requestID: params.requestID, revision: nextRevision(after: .none), userID: params.userID,
            details: params.details, createdAt: now, updatedAt: now)
        put(record)
        return record
    }

    package mutating func update(_ params: LibraryUpdate.Params) throws(RPCError) -> MachineRecord {
        var record = try machine(params.reference)
        guard record.revision == params.expectedRevision else {
            throw RPCError(
                .revisionConflict, "expected_revision is not the stored one; get the machine again",
                revision: record.revision.rawValue)
        }
        let details = params.changes.applied(to: record.details)
        guard details != record.details else { return record }
        if details.nickname != record.details.nickname {
            try requireFree(details.nickname, userID: record.userID, except: record.id)
            // The person who changes the nickname knows it.
            record.renamedFrom = nil
        }
        record.details = details
        return change(record)
    }

    /// - Returns: whether the machine existed.
    package mutating func delete(_ params: MachineReference) throws(RPCError) -> Bool {
        guard var record = try get(params.id), record.userID == params.userID, !record.isDeleted else { return false }
        record.deletedAt = now
        record.revision = nextRevision(after: record.revision)
        put(record)
        return true
    }

    package mutating func restore(_ params: LibraryRestore.Params) throws(RPCError) -> MachineRecord {
        guard var record = try get(params.reference.id), record.userID == params.reference.userID else {
            throw RPCError(.notFound, "there is no such machine")
        }
        guard let deletedAt = record.deletedAt else { return record }
        guard now < deletedAt.advanced(by: LibraryRestore.keptFor) else {
            throw RPCError(.notFound, "the machine was deleted more than 30 days ago")
        }
        record.details.nickname = params.nickname ?? record.details.nickname
        try requireFree(record.details.nickname, userID: record.userID)
        record.deletedAt = nil
        return change(record)
    }

    /// Records that the person knows about the renaming.
    package mutating func acknowledgeRenaming(_ params: MachineReference) throws(RPCError) -> Bool {
        guard var record = try get(params.id), record.userID == params.userID, record.renamedFrom != nil else {
            return false
        }
        record.renamedFrom = nil
        _ = change(record)
        return true
    }

    private mutating func change(_ record: MachineRecord) -> MachineRecord {
        var record = record
        record.updatedAt = now
        record.revision = nextRevision(after: record.revision)
        put(record)
        return record
    }

    /// `record` with a free nickname.
    fileprivate mutating func renamed(_ record: MachineRecord) throws(RPCError) -> MachineRecord {
        var renamed = record
        renamed.renamedFrom = record.renamedFrom ?? record.details.nickname
        renamed.details.nickname = try freeNickname(
            like: record.details.nickname, userID: record.userID, except: record.id)
        renamed.revision = revision(shortlyAfter: record.revision)
        return renamed
    }

    /// The user's other machines that have this nickname, ignoring case, in the order of their ids.
    fileprivate mutating func rivals(of record: MachineRecord) throws(RPCError) -> [MachineRecord] {
        let stored = try ask { table throws(SQLiteError) in try table.rivals(of: record) }
        let known = stored + held.values.map(\.id) + changed.map(\.id)
        var rivals: [MachineRecord] = []
        for id in Set(known).sorted() where id != record.id {
            guard let other = try get(id), !other.isDeleted, other.userID == record.userID,
                other.hasNickname(of: record)
            else { continue }
            rivals.append(other)
        }
        return rivals
    }

    /// - Throws: `notFound` when the user has no such machine.
    mutating func machine(_ reference: MachineReference) throws(RPCError) -> MachineRecord {
        guard let record = try get(reference.id), record.userID == reference.userID, !record.isDeleted else {
            throw RPCError(.notFound, "there is no such machine")
        }
        return record
    }

    mutating func added(by requestID: String) throws(RPCError) -> MachineRecord? {
        if let record = held.values.first(where: { $0.requestID == requestID }) { return try get(record.id) }
        let stored = try ask { table throws(SQLiteError) in try table.added(by: requestID) }
        return if let stored { try get(stored.id) } else { nil }
    }

    /// The id of the user's machine that has this nickname.
    mutating func owner(of nickname: String, userID: String) throws(RPCError) -> String? {
        let nicknameKey = Nickname.folded(nickname)
        let stored = try ask { table throws(SQLiteError) in try table.ids(userID: userID, nicknameKey: nicknameKey) }
        let candidates = stored + (Array(held.values) + changed).filter { $0.userID == userID }.map(\.id)
        for id in candidates {
            if let record = try get(id), !record.isDeleted, record.nicknameKey == nicknameKey { return id }
        }
        return nil
    }

    /// - Throws: `duplicateNickname` with the suggestion of a free one.
    mutating func requireFree(_ nickname: String, userID: String, except id: String? = nil) throws(RPCError) {
        guard let owner = try owner(of: nickname, userID: userID), owner != id else { return }
        throw RPCError(
            .duplicateNickname, "this user has a machine of that nickname; choose another one", field: "nickname",
            suggestion: try freeNickname(like: nickname, userID: userID))
    }

    /// `nickname` followed by the lowest number, from 2, that makes it free.
    ///
    /// Never `nickname` itself.
    /// - Parameter id: the machine that will get it. A nickname that this machine already has counts as free.
    mutating func freeNickname(
        like nickname: String, userID: String, except id: String? = nil
    ) throws(RPCError) -> String {
        let base = nickname.withoutNumber
        let taken = Nickname.folded(nickname)
        var number = 2
        while true {
            let candidate = Nickname.numbered(base, number)
            let owner = try owner(of: candidate, userID: userID)
            if owner == nil || owner == id, Nickname.folded(candidate) != taken { return candidate }
            number += 1
        }
    }
}

/// Queries about machines. Records that are in memory only replace the rows on the disk.
extension StoreTransaction<MachineTable> {
    struct Page {
        var machines: [(MachineRecord, Placement)]
        var total: Int64
        var next: MachineTable.Position?
    }

    /// Renamed machines whose owners do not know it yet.
    mutating func renamed(limit: Int) throws(RPCError) -> [MachineRecord] {
        let rows = try ask { table throws(SQLiteError) in try table.renamed(limit: limit) }
        var machines: [MachineRecord] = []
        for id in Set(rows.map(\.id) + held.values.filter { $0.renamedFrom != nil }.map(\.id)).sorted() {
            if let newest = try get(id), newest.renamedFrom != nil, !newest.isDeleted { machines.append(newest) }
        }
        return Array(machines.prefix(limit))
    }

    /// A page of a user's machines, newest first.
    mutating func page(
        userID: String, query: MachineQuery?, after position: MachineTable.Position?, limit: Int
    ) throws(RPCError) -> Page {
        let expression = query.flatMap { $0.expression(userID: userID) }
        if query != nil, expression == nil { return Page(machines: [], total: 0) }
        var total = try ask { table throws(SQLiteError) in try table.total(userID: userID) }
        // A person has few machines. Searching them costs the same no matter how many other machines there are, unlike
        // the index of all words.
        var found: [MachineRecord]?
        if let query, expression != nil, total <= MachineTable.lookedThroughMax {
            let all = Int(total)
            found = try ask { table throws(SQLiteError) in try table.list(userID: userID, after: nil, limit: all) }
                .filter { $0.matches(query.words) }
        }
        if let found {
            total = Int64(found.count)
        } else if let expression {
            total = try ask { table throws(SQLiteError) in try table.count(expression) }
        }
        // Records in memory only replace rows, and up to as many rows may turn out not to match.
        let held = held.values.filter { $0.userID == userID }
        let rowsMax = limit + 1 + held.count
        let stored: [MachineRecord]
        if let found {
            stored = Array(
                found.filter { record in position.map { record.isListed(after: $0) } ?? true }.prefix(rowsMax))
        } else {
            stored = try ask { table throws(SQLiteError) in
                if let expression {
                    try table.search(expression, after: position, limit: rowsMax)
                } else {
                    try table.list(userID: userID, after: position, limit: rowsMax)
                }
            }
        }
        let isWanted = { (record: MachineRecord) in !record.isDeleted && query.map { record.matches($0.words) } ?? true
        }
        let heldIDs = Set(held.map(\.id))
        var records: [MachineRecord] = []
        for row in stored where !heldIDs.contains(row.id) {
            if let newest = try get(row.id), !newest.isDeleted { records.append(newest) }
        }
        for record in held {
            let row = try ask { table throws(SQLiteError) in try table.get(record.id) }
            if row.map(isWanted) ?? false { total -= 1 }
            guard isWanted(record) else { continue }
            total += 1
            if position.map({ record.isListed(after: $0) }) ?? true { records.append(record) }
        }
        records.sort { $1.isListed(after: $0.position) }
        let shown = records.prefix(
            PageLimits.count(records, limit: limit) { $0.machine(storedIn: []).json.serialized().count })
        return Page(
            machines: shown.map { ($0, placement(of: $0.id)) }, total: total,
            next: records.count > shown.count ? shown.last?.position : nil)
    }
}

extension MachineRecord {
    var position: MachineTable.Position { .init(createdAt: createdAt, id: id) }

    func isListed(after position: MachineTable.Position) -> Bool {
        (createdAt, id) < (position.createdAt, position.id)
    }
}

extension String {
    /// The text without a number in parentheses at the end, so that after "Pump (2)" comes "Pump (3)".
    fileprivate var withoutNumber: String {
        guard hasSuffix(")"), let open = lastIndex(of: "("), open > startIndex,
            self[index(before: open)] == " ", Int(self[index(after: open)..<index(before: endIndex)]) != nil
        else { return self }
        return String(self[..<index(before: open)])
    }
}
