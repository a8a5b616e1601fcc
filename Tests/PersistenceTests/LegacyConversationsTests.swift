import Contracts
import Testing

@testable import Persistence

/// The earlier bot's SQLite file, as its `_ensure_sqlite_schema` creates it.
@Suite struct LegacyConversationsTests {
    private let file: TemporaryFile
    private let now: Timestamp

    init() throws {
        file = try TemporaryFile()
        now = try #require(Timestamp(parsing: "2026-11-22 10:00:00"))
        let connection = try SQLiteConnection(path: file.path)
        try connection.execute("PRAGMA journal_mode = DELETE")
        try connection.execute(
            """
            CREATE TABLE conversation_states (
                user_id TEXT NOT NULL, chat_id TEXT NOT NULL, conversation_type TEXT NOT NULL DEFAULT 'add_machine',
                current_step TEXT NOT NULL, state_data TEXT NOT NULL DEFAULT '{}',
                started_at TEXT DEFAULT CURRENT_TIMESTAMP, updated_at TEXT DEFAULT CURRENT_TIMESTAMP, expires_at TEXT,
                PRIMARY KEY (user_id, chat_id, conversation_type))
            """)
    }

    private func add(
        _ user: String, step: String = "model", data: String = #"{"nickname": "Pump", "location": null}"#,
        startedAt: String? = "2026-11-22T09:00:00.000417", updatedAt: String? = "2026-11-22T09:30:00.000417",
        expiresAt: String? = "2026-11-23T09:30:00.000398"
    ) throws {
        let connection = try SQLiteConnection(path: file.path)
        try connection.execute("PRAGMA journal_mode = DELETE")
        try connection.run(
            """
            INSERT OR REPLACE INTO conversation_states
                (user_id, chat_id, conversation_type, current_step, state_data, started_at, updated_at, expires_at)
            VALUES (?, ?, 'add_machine', ?, ?, ?, ?, ?)
            """,
            [
                .text(user), .text(user), .text(step), .text(data), SQLiteValue(startedAt), SQLiteValue(updatedAt),
                SQLiteValue(expiresAt),
            ])
    }

    private func only() throws -> StateImport.Item {
        let page = try #require(try pages().first)
        #expect(page.unreadable.isEmpty && page.expired == 0)
        return try #require(page.conversations.first)
    }

    /// The output of Python's `json.dumps` for floats that are no numbers, and for strings with invalid Unicode.
    @Test(
        arguments: [
            ("NaN", .null), ("Infinity", .null), ("-Infinity", .null), (#""a\ud83d""#, "a\u{FFFD}"),
            (#""\udc00x""#, "\u{FFFD}x"), (#""\ud83d\ud83d\ude00""#, "\u{FFFD}😀"), (#""\ud83d\n""#, "\u{FFFD}\n"),
            (#""a\u0000b""#, "a\u{FFFD}b"), ("\"a\tb\"", "a\tb"), ("1e999999", .null), ("-1.50", .decimal("-1.50")),
            (#"[NaN, {"x": Infinity}, 1]"#, .array([.null, ["x": .null], 1])),
        ] as [(String, JSONValue)])
    func `A draft with invalid JSON values: keeps everything else`(_ written: String, _ kept: JSONValue) throws {
        try add("7", data: #"{"nickname": "Pump", "ocr_data": {"confidence": \#(written)}, "own": 1.50}"#)
        let item = try only()
        #expect(item.data == ["nickname": "Pump", "ocr_data": ["confidence": kept], "own": .decimal("1.50")])
        #expect(item.step == "model" && item.updatedAt == Timestamp(parsing: "2026-11-22 09:30:00"))
    }

    @Test(arguments: [
        "2026-11-22T11:30:00.000417+02:00", "2026-11-22 04:00:00-0530", "2026-11-22T09:30", "2026-11-22 09:30Z",
        "2026-11-22 11:30 +02", "1795339800", "1795339800.0", "1795339800000",
    ])
    func `A draft's time in another form: is converted`(_ text: String) throws {
        try add("7", updatedAt: text)
        #expect(try only().updatedAt == Timestamp(parsing: "2026-11-22 09:30:00"))
        try add("7", expiresAt: text.replacing("2026-11-22", with: "2026-11-23"))
        if text.contains("-22") { #expect(try only().expiresAt == Timestamp(parsing: "2026-11-23 09:30:00")) }
    }

    @Test(arguments: [nil, "yesterday", "9999-12-31 00:00:00", "1970-01-01 00:00:00"])
    func `A draft without the time of its last change: counts from its beginning, else from now`(_ updatedAt: String?)
        throws
    {
        try add("7", updatedAt: updatedAt)
        #expect(try only().updatedAt == Timestamp(parsing: "2026-11-22 09:00:00"))
        try add("7", startedAt: nil, updatedAt: updatedAt)
        let item = try only()
        #expect(item.updatedAt == nil && item.startedAt == now)
        let (record, isDated) = ConversationRecord.imported(item, seenAt: now)
        #expect(record.revision == Revision(at: now) && record.updatedAt == now && !isDated)
    }

    @Test func `A draft's step with a line break: is kept`() throws {
        try add("7", step: "model\nnumber")
        #expect(try only().step == "model\nnumber")
    }

    @Test func `A draft without a time: never replaces a known conversation`() async throws {
        try add("7", startedAt: nil, updatedAt: nil)
        let item = try only()
        let (own, now) = (try TemporaryFile(), now)
        let store = try await ConversationStore(
            path: own.path, memoryLimit: 1 << 20, timeToLive: .seconds(86_400), now: { now })
        #expect(try await store.importConversations([item]).get() == 1)
        _ = try await store.save(.init(key: item.key, step: "notes", data: [:]))().get()
        #expect(try await store.importConversations([item]).get() == 0)
        #expect(try await store.load(.init(key: item.key))().get().state?.step == "notes")
        await store.close()
    }

    private func pages() throws -> [LegacyConversations.Page] {
        let legacy = try LegacyConversations(path: file.path, now: now)
        var pages: [LegacyConversations.Page] = []
        while let page = try legacy.next() { pages.append(page) }
        return pages
    }

    @Test func `An open conversation: read unchanged`() throws {
        try add("7")
        let page = try #require(try pages().first)
        let item = try #require(page.conversations.first)
        #expect(item.key == ConversationKey(userID: "7", chatID: "7") && item.step == "model")
        #expect(item.data == ["nickname": "Pump", "location": nil])
        #expect(item.updatedAt == Timestamp(parsing: "2026-11-22 09:30:00.000"))
        #expect(item.expiresAt == Timestamp(parsing: "2026-11-23 09:30:00.000"))
        let (record, isDated) = ConversationRecord.imported(item, seenAt: now)
        #expect(record.revision == Revision(at: record.updatedAt) && record.isOpen(at: now) && isDated)
        #expect(page.expired == 0 && page.unreadable.isEmpty)
    }

    @Test func `An expired conversation: left out and counted`() throws {
        try add("1", expiresAt: "2026-11-22T10:00:00")
        try add("2", expiresAt: nil)
        let page = try #require(try pages().first)
        #expect(page.conversations.isEmpty && page.expired == 2 && page.unreadable.isEmpty)
    }

    @Test func `A row that cannot be read: reported with its reason, without stopping the others`() throws {
        try add("1", data: #"{"nickname": "Pu"#)
        try add("2", data: "[]")
        try add("3", data: "")
        try add("5", expiresAt: "tomorrow")
        try add("6", step: "")
        try add("7")
        let page = try #require(try pages().first)
        #expect(page.conversations.map(\.key.userID) == ["7"])
        #expect(
            page.unreadable.map(\.reason) == [
                "state_data is no JSON: unterminated string at byte 16", "state_data is JSON, and no object",
                "state_data is no JSON: unexpected end at byte 0", "expires_at is no time",
                "step must be a string of 1 to 128 bytes without U+0000",
            ])
        #expect(page.unreadable.map(\.userID) == ["1", "2", "3", "5", "6"])
    }

    @Test func `A page: holds as many conversations as one call may import`() throws {
        for user in 0..<250 { try add("\(user)") }
        let pages = try pages()
        #expect(pages.map(\.conversations.count) == [100, 100, 50])
        #expect(Set(pages.flatMap(\.conversations).map(\.key.userID)).count == 250)
    }

    @Test func `A missing file, or one without the table: an error`() throws {
        #expect(throws: SQLiteError.self) { try LegacyConversations(path: file.path + ".none", now: now) }
        let other = try TemporaryFile()
        _ = try SQLiteConnection(path: other.path)
        let legacy = try LegacyConversations(path: other.path, now: now)
        #expect(throws: SQLiteError.self) { try legacy.next() }
    }
}
