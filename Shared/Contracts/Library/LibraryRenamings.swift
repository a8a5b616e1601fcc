/// Lists the machines that were renamed because a tier had another machine with the same nickname, and whose owners
/// have not been told yet.
public enum LibraryRenamings: RPCMethod {
    public static let name = "library.renamings"
    public static let isIdempotent = true
    public static let machinesMax = 20
    public typealias Params = NoParams

    public struct Renaming: Sendable, Equatable {
        public var userID: String
        public var id: String
        /// The machine's current nickname.
        public var nickname: String
        /// The nickname that its owner gave it.
        public var renamedFrom: String

        public init(userID: String, id: String, nickname: String, renamedFrom: String) {
            self.userID = userID
            self.id = id
            self.nickname = nickname
            self.renamedFrom = renamedFrom
        }

        init(_ members: Parameters) throws(RPCError) {
            userID = try members.identifier("user_id")
            id = try members.uuid("id")
            nickname = try members.string("nickname")
            renamedFrom = try members.string("renamed_from")
        }

        var json: JSONValue {
            [
                "user_id": .string(userID), "id": .string(id), "nickname": .string(nickname),
                "renamed_from": .string(renamedFrom),
            ]
        }
    }

    public struct Output: RPCOutput {
        public var renamings: [Renaming]

        public init(renamings: [Renaming]) { self.renamings = renamings }

        public init(_ members: Parameters) throws(RPCError) {
            renamings = []
            for element in try members.array("renamings") {
                renamings.append(try Renaming(Parameters(element.objectValue ?? [:])))
            }
        }

        public var json: JSONValue { ["renamings": .array(renamings.map(\.json))] }
    }
}

/// Records that the bot has told the machine's owner its new nickname.
public enum LibraryRenamingTold: RPCMethod {
    public static let name = "library.renaming_told"
    public static let isIdempotent = true
    public typealias Params = MachineReference

    public struct Output: RPCOutput {
        /// False when there was nothing to record, for example because an earlier call recorded it.
        public var told: Bool
        public var isDurable: Bool

        public init(told: Bool, isDurable: Bool) {
            self.told = told
            self.isDurable = isDurable
        }

        public init(_ members: Parameters) throws(RPCError) {
            told = try members.boolean("told")
            isDurable = try members.boolean("durable")
        }

        public var json: JSONValue { ["told": .bool(told), "durable": .bool(isDurable)] }
    }
}
