import Contracts

@testable import Persistence

/// Records with all content that a tier could lose, escape, truncate or misread.
enum Samples {
    /// Later than all times of these rows.
    static let moment = Timestamp(milliseconds: 1_795_000_100_999)

    static let data: [String: JSONValue] = [
        "nickname": "Pump 👩‍🔧 \"x\" \\ 'y' $1 %s", "مفتاح": "קומה 3\n\t\r", "notes": .string(repeating("ß🔧", 1_000)),
        "": "a name that is empty", "largest": .integer(.max), "smallest": .integer(.min),
        "huge": .decimal("123456789012345678901234567890"), "own": .decimal("1.50"), "none": .null, "yes": true,
        "nested": ["list": [true, [], [:], .null, ["a": [1, "{}", "[1,2]"]]], "json": "{\"a\": null}"],
        "null": "null", "number": "007", "controls": "\u{1}\u{1F}\u{7F}",
    ]

    static func repeating(_ text: String, _ count: Int) -> String { String(repeating: text, count: count) }

    static func conversation(
        _ revision: Revision, user: String = "7", chat: String = "-100:3",
        type: String = ConversationKey.addMachine, step: String = "model", closed: Bool = false
    ) -> ConversationRecord {
        var record = ConversationRecord(
            key: ConversationKey(userID: user, chatID: chat, type: type), revision: revision, isClosed: closed,
            step: step, data: closed ? [:] : data, startedAt: Timestamp(milliseconds: 1_795_000_000_001),
            updatedAt: moment, expiresAt: closed ? moment : moment.advanced(by: .seconds(86_400)), lastUpdateID: 12,
            appliedUpdates: [], lastClearing: nil)
        record.appliedUpdates = [
            .init(updateID: .min, revision: Revision(rawValue: 5), expiresAt: nil),
            .init(updateID: 12, revision: revision, expiresAt: closed ? nil : record.expiresAt),
        ]
        record.lastClearing = .init(
            reason: .completed, outcome: ["machine_id": "x 🔧", "none": .null], updateID: closed ? nil : 11)
        return record
    }

    static func machine(
        _ revision: Revision, number: Int = 1, nickname: String? = nil, user: String = "7", deleted: Bool = false
    ) -> MachineRecord {
        let suffix = String(0x1_0000_0000 + number, radix: 16)
        let details = MachineDetails(
            nickname: nickname ?? "Pump 🔧 \(number)",
            texts: [
                .manufacturer: "Größe \"A\" \\ $1", .notes: repeating("ß\n🔧'", 400), .photoFileID: "",
                .location: "קומה 3",
            ],
            ocrData: ["lines": ["a", 1, .decimal("2.50"), .null, ["x": []]], "text": "\"{\\"])
        return MachineRecord(
            id: "0192f3c4-0000-4000-8000-000\(suffix)", requestID: "1192f3c4-0000-4000-8000-000\(suffix)",
            revision: revision, userID: user, details: details, createdAt: Timestamp(milliseconds: 1_795_000_000_001),
            updatedAt: moment, deletedAt: deleted ? moment : nil, renamedFrom: number % 2 == 0 ? "Größe" : nil)
    }
}
