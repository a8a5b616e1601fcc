/// Checks whether a nickname is free for a user.
public enum LibraryCheckNickname: RPCMethod {
    public static let name = "library.check_nickname"
    public static let isIdempotent = true

    public struct Params: RPCParams {
        public var userID: String
        /// In its normalized form.
        public var nickname: String
        /// If given, a machine that this request has already added does not count as taking the nickname.
        public var requestID: String?

        public init(userID: String, nickname: String, requestID: String? = nil) {
            self.userID = userID
            self.nickname = nickname
            self.requestID = requestID
        }

        public init(_ parameters: Parameters) throws(RPCError) {
            userID = try parameters.identifier("user_id")
            nickname = try Nickname.normalized(try parameters.string("nickname"))
            requestID = try parameters.optional("request_id") { p throws(RPCError) in try p.uuid("request_id") }
        }

        public var members: [String: JSONValue] {
            var members: [String: JSONValue] = ["user_id": .string(userID), "nickname": .string(nickname)]
            members["request_id"] = requestID.map(JSONValue.string)
            return members
        }
    }

    public struct Output: RPCOutput {
        public var available: Bool
        /// A similar nickname that is free, when this one is not available.
        public var suggestion: String?

        public init(available: Bool, suggestion: String?) {
            self.available = available
            self.suggestion = suggestion
        }

        public init(_ members: Parameters) throws(RPCError) {
            available = try members.boolean("available")
            suggestion = members.member("suggestion")?.stringValue
        }

        public var json: JSONValue { ["available": .bool(available), "suggestion": suggestion.json] }
    }
}

/// A machine, and whether a durable tier has it: the result of the methods that write a machine.
public struct StoredMachine: RPCOutput {
    public var machine: Machine
    public var isDurable: Bool

    public init(machine: Machine, isDurable: Bool) {
        self.machine = machine
        self.isDurable = isDurable
    }

    public init(_ members: Parameters) throws(RPCError) {
        machine = try Machine(Parameters(try members.object("machine")))
        isDurable = try members.boolean("durable")
    }

    public var json: JSONValue { ["machine": machine.json, "durable": .bool(isDurable)] }
}

/// Adds a machine.
///
/// Idempotent by `request_id`: a repeated call returns the same machine and adds none.
public enum LibraryAdd: RPCMethod {
    public static let name = "library.add"
    public static let isIdempotent = true
    public typealias Output = StoredMachine

    public struct Params: RPCParams {
        public var requestID: String
        public var userID: String
        public var details: MachineDetails

        public init(requestID: String, userID: String, details: MachineDetails) {
            self.requestID = requestID
            self.userID = userID
            self.details = details
        }

        public init(_ parameters: Parameters) throws(RPCError) {
            requestID = try parameters.uuid("request_id")
            userID = try parameters.identifier("user_id")
            details = try MachineDetails(parameters)
        }

        public var members: [String: JSONValue] {
            details.members.merging(["request_id": .string(requestID), "user_id": .string(userID)]) { own, _ in own }
        }
    }
}

/// Lists a user's machines, newest first.
public enum LibraryList: RPCMethod {
    public static let name = "library.list"
    public static let isIdempotent = true
    public static let limitDefault: Int64 = 20
    public static let limitMax: Int64 = 100
    public static let queryBytesMax = 1_024

    public struct Params: RPCParams {
        public var userID: String
        public var limit: Int64
        /// The `next_cursor` of the previous page.
        public var cursor: String?
        /// Words and prefixes of words. A machine is listed if its fields together contain all of them.
        public var query: String?

        public init(
            userID: String, limit: Int64 = LibraryList.limitDefault, cursor: String? = nil, query: String? = nil
        ) {
            self.userID = userID
            self.limit = limit
            self.cursor = cursor
            self.query = query
        }

        public init(_ parameters: Parameters) throws(RPCError) {
            userID = try parameters.identifier("user_id")
            limit =
                try parameters.optional("limit") { p throws(RPCError) in
                    try p.integer("limit", in: 1...LibraryList.limitMax)
                } ?? LibraryList.limitDefault
            cursor = try parameters.optional("cursor") { p throws(RPCError) in try p.string("cursor") }
            query = try parameters.optional("query") { p throws(RPCError) in
                let text = try p.string("query")
                guard text.utf8.count <= LibraryList.queryBytesMax, !text.utf8.contains(0) else {
                    throw .invalidArgument("query", "at most \(LibraryList.queryBytesMax) bytes without U+0000")
                }
                return text
            }
        }

        public var members: [String: JSONValue] {
            var members: [String: JSONValue] = ["user_id": .string(userID), "limit": .integer(limit)]
            members["cursor"] = cursor.map(JSONValue.string)
            members["query"] = query.map(JSONValue.string)
            return members
        }
    }

    public struct Output: RPCOutput {
        public var machines: [Machine]
        /// The number of machines on all pages.
        public var total: Int64
        public var nextCursor: String?

        public init(machines: [Machine], total: Int64, nextCursor: String?) {
            self.machines = machines
            self.total = total
            self.nextCursor = nextCursor
        }

        public init(_ members: Parameters) throws(RPCError) {
            machines = []
            for element in try members.array("machines") {
                machines.append(try Machine(Parameters(element.objectValue ?? [:])))
            }
            total = try members.integer("total")
            nextCursor = members.member("next_cursor")?.stringValue
        }

        public var json: JSONValue {
            [
                "machines": .array(machines.map(\.json)), "total": .integer(total), "next_cursor": nextCursor.json,
            ]
        }
    }
}

/// Identifies one machine: the parameters of the methods on one machine.
public struct MachineReference: RPCParams {
    public var userID: String
    public var id: String

    public init(userID: String, id: String) {
        self.userID = userID
        self.id = id
    }

    public init(_ parameters: Parameters) throws(RPCError) {
        userID = try parameters.identifier("user_id")
        id = try parameters.uuid("id")
    }

    public var members: [String: JSONValue] { ["user_id": .string(userID), "id": .string(id)] }
}

/// Reads one machine.
public enum LibraryGet: RPCMethod {
    public static let name = "library.get"
    public static let isIdempotent = true
    public typealias Params = MachineReference

    public struct Output: RPCOutput {
        public var machine: Machine

        public init(machine: Machine) { self.machine = machine }

        public init(_ members: Parameters) throws(RPCError) {
            machine = try Machine(Parameters(try members.object("machine")))
        }

        public var json: JSONValue { ["machine": machine.json] }
    }
}

/// Changes fields of a machine, if its revision is the expected one.
///
/// Not idempotent: repeated after a lost response, it fails with a revision conflict.
public enum LibraryUpdate: RPCMethod {
    public static let name = "library.update"
    public static let isIdempotent = false
    public typealias Output = StoredMachine

    public struct Params: RPCParams {
        public var reference: MachineReference
        public var expectedRevision: Revision
        public var changes: MachineChanges

        public init(reference: MachineReference, expectedRevision: Revision, changes: MachineChanges) {
            self.reference = reference
            self.expectedRevision = expectedRevision
            self.changes = changes
        }

        public init(_ parameters: Parameters) throws(RPCError) {
            reference = try MachineReference(parameters)
            expectedRevision = try parameters.revision("expected_revision")
            changes = try MachineChanges(try parameters.object("changes"))
        }

        public var members: [String: JSONValue] {
            reference.members.merging([
                "expected_revision": .integer(expectedRevision.rawValue), "changes": .object(changes.members),
            ]) { own, _ in own }
        }
    }
}

/// Deletes a machine. Its nickname is free at once. For 30 days `LibraryRestore` can restore it.
public enum LibraryDelete: RPCMethod {
    public static let name = "library.delete"
    public static let isIdempotent = true
    public typealias Params = MachineReference

    public struct Output: RPCOutput {
        /// False when the machine did not exist.
        public var deleted: Bool
        public var isDurable: Bool

        public init(deleted: Bool, isDurable: Bool) {
            self.deleted = deleted
            self.isDurable = isDurable
        }

        public init(_ members: Parameters) throws(RPCError) {
            deleted = try members.boolean("deleted")
            isDurable = try members.boolean("durable")
        }

        public var json: JSONValue { ["deleted": .bool(deleted), "durable": .bool(isDurable)] }
    }
}

/// Restores a deleted machine, optionally with another nickname. A machine that is not deleted is not changed.
public enum LibraryRestore: RPCMethod {
    public static let name = "library.restore"
    public static let isIdempotent = true
    public static let keptFor: Duration = .seconds(30 * 86_400)
    public typealias Output = StoredMachine

    public struct Params: RPCParams {
        public var reference: MachineReference
        /// In its normalized form; nil keeps the machine's nickname.
        public var nickname: String?

        public init(reference: MachineReference, nickname: String? = nil) {
            self.reference = reference
            self.nickname = nickname
        }

        public init(_ parameters: Parameters) throws(RPCError) {
            reference = try MachineReference(parameters)
            nickname = try parameters.optional("nickname") { p throws(RPCError) in
                try Nickname.normalized(try p.string("nickname"))
            }
        }

        public var members: [String: JSONValue] {
            var members = reference.members
            members["nickname"] = nickname.map(JSONValue.string)
            return members
        }
    }
}
