/// Imports open conversations of another program, each if it is newer than the record of its key.
///
/// A conversation gets the revision of its `updated_at`, which must be at most a year from now. If `updated_at` is
/// null, the time is unknown, and the conversation is imported only if its key has no record. An expired conversation
/// is not imported. Idempotent: an imported conversation is not newer the next time.
public enum StateImport: RPCMethod {
    public static let name = "state.import"
    public static let isIdempotent = true
    /// The most conversations in one call.
    public static let conversationsMax = 100

    public struct Item: Sendable, Equatable {
        public var key: ConversationKey
        public var step: String
        public var data: [String: JSONValue]
        public var startedAt: Timestamp
        /// Nil when the time is unknown.
        public var updatedAt: Timestamp?
        public var expiresAt: Timestamp

        public init(
            key: ConversationKey, step: String, data: [String: JSONValue], startedAt: Timestamp, updatedAt: Timestamp?,
            expiresAt: Timestamp
        ) {
            self.key = key
            self.step = step
            self.data = data
            self.startedAt = startedAt
            self.updatedAt = updatedAt
            self.expiresAt = expiresAt
        }

        public init(_ parameters: Parameters) throws(RPCError) {
            key = try ConversationKey(parameters)
            step = try parameters.step("step")
            data = try parameters.object("data")
            _ = try parameters.storable("data", .object(data), bytesMax: StateSave.dataBytesMax)
            startedAt = try parameters.timestamp("started_at")
            updatedAt = try parameters.optional("updated_at") { p throws(RPCError) in try p.timestamp("updated_at") }
            expiresAt = try parameters.timestamp("expires_at")
        }

        public var json: JSONValue {
            var members = key.members
            members["step"] = .string(step)
            members["data"] = .object(data)
            members["started_at"] = .string(startedAt.description)
            members["updated_at"] = updatedAt.map { .string($0.description) } ?? .null
            members["expires_at"] = .string(expiresAt.description)
            return .object(members)
        }
    }

    public struct Params: RPCParams {
        public var conversations: [Item]

        public init(conversations: [Item]) { self.conversations = conversations }

        public init(_ parameters: Parameters) throws(RPCError) {
            let elements = try parameters.array("conversations")
            guard elements.count <= StateImport.conversationsMax else {
                throw .invalidArgument("conversations", "at most \(StateImport.conversationsMax) conversations")
            }
            conversations = []
            for (index, element) in elements.enumerated() {
                do { conversations.append(try Item(Parameters(element.objectValue ?? [:]))) } catch {
                    throw RPCError(error.code, "conversations[\(index)]: \(error.message)", field: error.field)
                }
            }
        }

        public var members: [String: JSONValue] { ["conversations": .array(conversations.map(\.json))] }
    }

    public struct Output: RPCOutput {
        /// How many conversations were imported.
        public var imported: Int64

        public init(imported: Int64) { self.imported = imported }
        public init(_ members: Parameters) throws(RPCError) { imported = try members.integer("imported") }
        public var json: JSONValue { ["imported": .integer(imported)] }
    }
}
