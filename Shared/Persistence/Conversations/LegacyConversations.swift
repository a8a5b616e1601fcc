public import Contracts

/// The open conversations in the SQLite file of the earlier bot, page by page. The file is only read.
///
/// Thread rule: used by one thread at a time.
public final class LegacyConversations {
    public struct Page: Sendable {
        public var conversations: [StateImport.Item] = []
        /// The number of rows that were left out because they have expired.
        public var expired = 0
        public var unreadable: [Unreadable] = []
    }

    /// A row that cannot be read as a conversation.
    public struct Unreadable: Sendable, Equatable {
        public var userID: String
        public var chatID: String
        /// Contains nothing that a person typed.
        public var reason: String
    }

    /// The usual path of the earlier bot's file.
    public static let usualPath = "/tmp/rivet_conversation_states.db"

    private static let select = """
        SELECT rowid, user_id, chat_id, conversation_type, current_step, state_data, started_at, updated_at, expires_at
        FROM conversation_states WHERE rowid > ? ORDER BY rowid LIMIT \(StateImport.conversationsMax)
        """

    private let connection: SQLiteConnection
    private let now: Timestamp
    private var position = Int64.min

    /// - Parameter now: conversations that have expired by then are left out.
    public init(path: String, now: Timestamp) throws(SQLiteError) {
        connection = try SQLiteConnection(reading: path)
        self.now = now
    }

    /// The next rows, at most as many as fit into one `state.import`; nil when there are no more.
    public func next() throws(SQLiteError) -> Page? {
        var page = Page()
        let now = now
        let rows = try connection.rows(Self.select, [.integer(position)]) { ($0.integer(0), Self.read($0, at: now)) }
        guard let last = rows.last?.0 else { return nil }
        position = last
        for (_, row) in rows {
            switch row {
            case .open(let item): page.conversations.append(item)
            case .expired: page.expired += 1
            case .unreadable(let unreadable): page.unreadable.append(unreadable)
            }
        }
        return page
    }

    private enum Row {
        case open(StateImport.Item)
        case expired
        case unreadable(Unreadable)
    }

    private static func read(_ row: SQLiteStatement, at now: Timestamp) -> Row {
        let (userID, chatID) = (row.text(1) ?? "", row.text(2) ?? "")
        func unreadable(_ reason: String) -> Row {
            .unreadable(Unreadable(userID: userID, chatID: chatID, reason: reason))
        }
        // As in the earlier bot, which never found a row without an end.
        guard let expiryText = row.text(8) else { return .expired }
        let expiry = ForeignTime(expiryText)
        guard expiry != .unknown else { return unreadable("expires_at is no time") }
        guard now < expiry.end else { return .expired }
        let started = ForeignTime(row.text(6))
        // The time of its last change. An impossible time is ignored.
        let updatedAt = [ForeignTime(row.text(7)), started].lazy.compactMap(\.moment)
            .first { Revision(at: $0) <= .highestBelieved(at: now) }
        let data: [String: JSONValue]
        do throws(JSONParseError) {
            guard let members = try JSONValue(repairing: row.text(5) ?? "").objectValue else {
                return unreadable("state_data is JSON, and no object")
            }
            data = members
        } catch { return unreadable("state_data is no JSON: \(error)") }
        let item = StateImport.Item(
            key: ConversationKey(userID: userID, chatID: chatID, type: row.text(3) ?? ""), step: row.text(4) ?? "",
            data: data, startedAt: started.moment ?? updatedAt ?? now, updatedAt: updatedAt, expiresAt: expiry.end)
        do throws(RPCError) {
            return .open(try StateImport.Item(Parameters(item.json.objectValue ?? [:])))
        } catch { return unreadable(error.message) }
    }
}

extension ConversationRecord {
    /// A conversation from another program, with the revision of its last change.
    ///
    /// - Returns: the record, and whether it says when that change was.
    static func imported(_ item: StateImport.Item, seenAt now: Timestamp) -> (record: Self, isDated: Bool) {
        let updated = item.updatedAt.map { ForeignTime($0) } ?? .unknown
        let version = RowVersion(stored: 0, times: [updated], seenAt: now)
        let record = ConversationRecord(
            key: item.key, revision: version.revision, isClosed: false, step: item.step, data: item.data,
            startedAt: version.began(ForeignTime(item.startedAt)), updatedAt: version.changedAt,
            expiresAt: item.expiresAt, lastUpdateID: nil, appliedUpdates: [], lastClearing: nil)
        return (record, version.isDated)
    }
}
