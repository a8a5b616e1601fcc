import Contracts

/// Questions about machines, answered with what only memory holds laid over what the disk has.
extension StoreTransaction<MachineTable> {
    struct Page {
        var machines: [(MachineRecord, Placement)]
        var total: Int64
        var next: MachineTable.Position?
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
        let candidates = stored + held.values.filter { $0.userID == userID }.map(\.id)
        for id in candidates {
            if let record = try get(id), !record.isDeleted, record.nicknameKey == nicknameKey { return id }
        }
        return nil
    }

    /// - Throws: `duplicateNickname` with a free suggestion.
    mutating func requireFree(_ nickname: String, userID: String, except id: String? = nil) throws(RPCError) {
        guard let owner = try owner(of: nickname, userID: userID), owner != id else { return }
        throw RPCError(
            .duplicateNickname, "this user has a machine of that nickname; choose another one", field: "nickname",
            suggestion: try freeNickname(like: nickname, userID: userID))
    }

    /// `nickname` with the lowest number behind it, from 2, that makes it free.
    mutating func freeNickname(like nickname: String, userID: String) throws(RPCError) -> String {
        let base = nickname.withoutNumber
        var number = 2
        while true {
            let candidate = Nickname.numbered(base, number)
            if try owner(of: candidate, userID: userID) == nil { return candidate }
            number += 1
        }
    }

    /// A page of a user's machines, newest first.
    mutating func page(
        userID: String, query: MachineQuery?, after position: MachineTable.Position?, limit: Int
    ) throws(RPCError) -> Page {
        let expression = query.flatMap { $0.expression(userID: userID) }
        if query != nil, expression == nil { return Page(machines: [], total: 0) }
        var total = try ask { table throws(SQLiteError) in
            if let expression { try table.count(expression) } else { try table.total(userID: userID) }
        }
        // What memory holds is laid over the rows: as many of them as it holds may turn out not to be wanted.
        let held = held.values.filter { $0.userID == userID }
        let rowsMax = limit + 1 + held.count
        let stored = try ask { table throws(SQLiteError) in
            if let expression {
                try table.search(expression, after: position, limit: rowsMax)
            } else {
                try table.list(userID: userID, after: position, limit: rowsMax)
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
        let shown = records.prefix(limit)
        return Page(
            machines: shown.map { ($0, placement(of: $0.id)) }, total: total,
            next: records.count > limit ? shown.last?.position : nil)
    }
}

extension MachineRecord {
    var position: MachineTable.Position { .init(createdAt: createdAt, id: id) }

    func isListed(after position: MachineTable.Position) -> Bool {
        (createdAt, id) < (position.createdAt, position.id)
    }
}

extension String {
    /// Without a number in parentheses at the end, so that after "Pump (2)" comes "Pump (3)".
    fileprivate var withoutNumber: String {
        guard hasSuffix(")"), let open = lastIndex(of: "("), open > startIndex,
            self[index(before: open)] == " ", Int(self[index(after: open)..<index(before: endIndex)]) != nil
        else { return self }
        return String(self[..<index(before: open)])
    }
}
