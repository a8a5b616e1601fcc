import Contracts
import Testing

@testable import Persistence

/// The earlier bot's SQLite file, as its `_ensure_sqlite_schema` made it.
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
        updatedAt: String? = "2026-11-22T09:30:00.000417", expiresAt: String? = "2026-11-23T09:30:00.000398"
    ) throws {
        let connection = try SQLiteConnection(path: file.path)
        try connection.execute("PRAGMA journal_mode = DELETE")
        try connection.run(
            """
            INSERT OR REPLACE INTO conversation_states
                (user_id, chat_id, conversation_type, current_step, state_data, updated_at, expires_at)
            VALUES (?, ?, 'add_machine', ?, ?, ?, ?)
            """,
            [.text(user), .text(user), .text(step), .text(data), SQLiteValue(updatedAt), SQLiteValue(expiresAt)])
    }

    private func pages() throws -> [LegacyConversations.Page] {
        let legacy = try LegacyConversations(path: file.path, now: now)
        var pages: [LegacyConversations.Page] = []
        while let page = try legacy.next() { pages.append(page) }
        return pages
    }

    @Test func anOpenConversationIsAsItWas() throws {
        try add("7")
        let page = try #require(try pages().first)
        let item = try #require(page.conversations.first)
        #expect(item.key == ConversationKey(userID: "7", chatID: "7") && item.step == "model")
        #expect(item.data == ["nickname": "Pump", "location": nil])
        #expect(item.updatedAt == Timestamp(parsing: "2026-11-22 09:30:00.000"))
        #expect(item.expiresAt == Timestamp(parsing: "2026-11-23 09:30:00.000"))
        let record = ConversationRecord(item)
        #expect(record.revision == Revision(at: item.updatedAt) && record.isOpen(at: now))
        #expect(page.expired == 0 && page.unreadable.isEmpty)
    }

    @Test func whatNobodyHasAnyUseOfIsCounted() throws {
        try add("1", expiresAt: "2026-11-22T10:00:00")
        try add("2", expiresAt: nil)
        let page = try #require(try pages().first)
        #expect(page.conversations.isEmpty && page.expired == 2 && page.unreadable.isEmpty)
    }

    @Test func aRowThatCannotBeReadDoesNotStopTheOthers() throws {
        try add("1", data: #"{"nickname": "Pu"#)
        try add("2", data: "[]")
        try add("3", data: "")
        try add("4", updatedAt: "yesterday")
        try add("5", expiresAt: "tomorrow")
        try add("6", step: "")
        try add("7")
        let page = try #require(try pages().first)
        #expect(page.conversations.map(\.key.userID) == ["7"])
        #expect(
            page.unreadable.map(\.reason) == [
                "state_data is no JSON: unterminated string at byte 16", "state_data is JSON, and no object",
                "state_data is no JSON: unexpected end at byte 0", "updated_at is no time", "expires_at is no time",
                "step must be a string of 1 to 128 bytes without control characters",
            ])
        #expect(page.unreadable.map(\.userID) == ["1", "2", "3", "4", "5", "6"])
    }

    @Test func pagesHoldWhatGoesIntoOneCall() throws {
        for user in 0..<250 { try add("\(user)") }
        let pages = try pages()
        #expect(pages.map(\.conversations.count) == [100, 100, 50])
        #expect(Set(pages.flatMap(\.conversations).map(\.key.userID)).count == 250)
    }

    @Test func aFileThatIsNoneIsAnError() throws {
        #expect(throws: SQLiteError.self) { try LegacyConversations(path: file.path + ".none", now: now) }
        let other = try TemporaryFile()
        _ = try SQLiteConnection(path: other.path)
        let legacy = try LegacyConversations(path: other.path, now: now)
        #expect(throws: SQLiteError.self) { try legacy.next() }
    }
}
