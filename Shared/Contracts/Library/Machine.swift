/// The data that a person has given about one machine.
public struct MachineDetails: Sendable, Equatable {
    public static let ocrDataBytesMax = 64 * 1024

    /// In its normalized form.
    public var nickname: String
    public var texts: [MachineField: String]
    /// The reading of the nameplate: an object.
    public var ocrData: JSONValue?

    public init(nickname: String, texts: [MachineField: String] = [:], ocrData: JSONValue? = nil) {
        self.nickname = nickname
        self.texts = texts
        self.ocrData = ocrData
    }

    init(_ parameters: Parameters) throws(RPCError) {
        nickname = try Nickname.normalized(try parameters.string("nickname"))
        texts = [:]
        for field in MachineField.allCases {
            texts[field] = try parameters.optional(field.rawValue) { p throws(RPCError) in
                try field.checked(try p.string(field.rawValue))
            }
        }
        ocrData = try parameters.optional("ocr_data") { p throws(RPCError) in
            try p.storable("ocr_data", .object(try p.object("ocr_data")), bytesMax: Self.ocrDataBytesMax)
        }
    }

    var members: [String: JSONValue] {
        var members: [String: JSONValue] = ["nickname": .string(nickname), "ocr_data": ocrData ?? .null]
        for field in MachineField.allCases { members[field.rawValue] = texts[field].json }
        return members
    }
}

/// A machine in a person's library.
public struct Machine: Sendable, Equatable {
    /// A UUID in lower case.
    public var id: String
    public var userID: String
    public var details: MachineDetails
    public var revision: Revision
    public var createdAt: Timestamp
    public var updatedAt: Timestamp
    public var storedIn: [TierName]

    public init(
        id: String, userID: String, details: MachineDetails, revision: Revision, createdAt: Timestamp,
        updatedAt: Timestamp, storedIn: [TierName]
    ) {
        self.id = id
        self.userID = userID
        self.details = details
        self.revision = revision
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.storedIn = storedIn
    }

    init(_ members: Parameters) throws(RPCError) {
        id = try members.uuid("id")
        userID = try members.identifier("user_id")
        // Rows that an earlier program wrote may break the current rules. They are shown unchanged.
        details = MachineDetails(nickname: try members.string("nickname"), ocrData: members.member("ocr_data"))
        for field in MachineField.allCases { details.texts[field] = members.member(field.rawValue)?.stringValue }
        revision = try members.revision("revision")
        createdAt = try members.timestamp("created_at")
        updatedAt = try members.timestamp("updated_at")
        storedIn = try members.tiers("stored_in")
    }

    package var json: JSONValue {
        var members = details.members
        members["id"] = .string(id)
        members["user_id"] = .string(userID)
        members["revision"] = .integer(revision.rawValue)
        members["created_at"] = .string(createdAt.description)
        members["updated_at"] = .string(updatedAt.description)
        members["stored_in"] = .array(storedIn.map { .string($0.rawValue) })
        return .object(members)
    }
}

/// A change to some fields of a machine.
public struct MachineChanges: Sendable, Equatable {
    /// In its normalized form.
    public var nickname: String?
    /// A nil value clears the field.
    public var texts: [MachineField: String?]
    /// `.some(nil)` clears it.
    public var ocrData: JSONValue??

    public init(nickname: String? = nil, texts: [MachineField: String?] = [:], ocrData: JSONValue?? = nil) {
        self.nickname = nickname
        self.texts = texts
        self.ocrData = ocrData
    }

    init(_ members: [String: JSONValue]) throws(RPCError) {
        texts = [:]
        let parameters = Parameters(members)
        for (name, value) in members {
            switch name {
            case "nickname": nickname = try Nickname.normalized(try parameters.string(name))
            case "ocr_data":
                ocrData = .some(
                    try parameters.optional(name) { p throws(RPCError) in
                        try p.storable(name, .object(try p.object(name)), bytesMax: MachineDetails.ocrDataBytesMax)
                    })
            default:
                guard let field = MachineField(rawValue: name) else {
                    let known = (["nickname", "ocr_data"] + MachineField.allCases.map(\.rawValue)).sorted()
                    throw RPCError(
                        .invalidArgument,
                        "changes has a member that is no editable field; those are "
                            + known.joined(separator: ", "), field: name)
                }
                guard value.isNull || value.stringValue != nil else {
                    throw .invalidArgument(name, "a string or null")
                }
                texts[field] = .some(try value.stringValue.map { text throws(RPCError) in try field.checked(text) })
            }
        }
    }

    var members: [String: JSONValue] {
        var members: [String: JSONValue] = [:]
        members["nickname"] = nickname.map(JSONValue.string)
        for (field, text) in texts { members[field.rawValue] = text.json }
        if let ocrData { members["ocr_data"] = ocrData ?? .null }
        return members
    }

    public func applied(to details: MachineDetails) -> MachineDetails {
        var details = details
        if let nickname { details.nickname = nickname }
        for (field, text) in texts { details.texts[field] = text }
        if let ocrData { details.ocrData = ocrData }
        return details
    }
}
