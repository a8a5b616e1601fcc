import CLibpq

/// A libpq connection in non-blocking pipeline mode.
///
/// Thread rule: used by the one thread that owns it. Its socket is close-on-exec (libpq sets that).
struct PostgresHandle: ~Copyable {
    /// What the server's notices said. A notice is a message that is not the result of a statement. When the server
    /// ends an idle connection, libpq 15 reports the server's reason as a notice.
    private final class Notices {
        var lastState: SQLState?
        /// A warning of the server itself, not raised by a function. For example, a synchronous standby has not
        /// confirmed a commit that the server nevertheless reports as successful (01000).
        var warning: SQLState?
    }

    /// The next part of PostgreSQL's response.
    enum Answer {
        case result(PostgresResult)
        /// The server skips the rest of the batch, up to its Sync.
        case refusal(PostgresError)
        case sync
        /// A statement after the refused one.
        case skipped
        /// The end of a statement's response.
        case nothing
        /// Nothing more has arrived.
        case none
    }

    private let connection: OpaquePointer
    var isEncrypted: Bool { PQsslInUse(connection) != 0 }
    private let notices = Notices()
    private let target: PostgresTarget

    /// Begins to connect; `pollConnect` continues.
    static func connecting(
        to target: PostgresTarget, _ parameters: [(String, String)]
    ) throws(PostgresError) -> PostgresHandle {
        let started = withCStrings(parameters.map { Optional($0.0) }) { keywords in
            withCStrings(parameters.map { Optional($0.1) }) { values in
                PQconnectStartParams(keywords, values, 1)
            }
        }
        guard let started else { throw .connection("connect to \(target)", .resources) }
        let handle = PostgresHandle(started, target)
        if PQstatus(started) == CONNECTION_BAD { throw handle.connectFailure() }
        return handle
    }

    private init(_ connection: OpaquePointer, _ target: PostgresTarget) {
        self.connection = connection
        self.target = target
        // Set now, so that the error of a failed connection attempt contains its SQLSTATE.
        PQsetErrorVerbosity(connection, PQERRORS_VERBOSE)
        // SAFETY: libpq calls it only during calls on this connection, and `notices` lives until `self` ends. Tested by
        // `ConnectionTests.A server that stops: reported to idle and busy connections`.
        PQsetNoticeReceiver(
            connection,
            { context, result in
                guard let context, let result else { return }
                let notices = Unmanaged<Notices>.fromOpaque(context).takeUnretainedValue()
                guard let state = PostgresHandle.field(result, rivet_pg_diag_sqlstate).flatMap({ SQLState($0) }) else {
                    return
                }
                // Warnings are of the classes 00 to 02.
                if state.category > "02" { notices.lastState = state }
                // A warning with a context was raised by a function, perhaps of a trigger. It says nothing about the
                // commit.
                if PostgresHandle.field(result, rivet_pg_diag_severity) == "WARNING",
                    PostgresHandle.field(result, rivet_pg_diag_context) == nil
                {
                    notices.warning = state
                }
            }, Unmanaged.passUnretained(notices).toOpaque())
    }

    deinit { PQfinish(connection) }

    var socket: Int32 { PQsocket(connection) }

    /// A means to cancel the server's work for this connection, once it is made.
    func cancellation() -> PostgresCancellation? { PostgresCancellation(of: connection) }

    /// Continues to connect.
    /// - Returns: whether the socket must be readable, or writable, before the next call; nil when it is connected.
    mutating func pollConnect() throws(PostgresError) -> (read: Bool, write: Bool)? {
        switch PQconnectPoll(connection) {
        case PGRES_POLLING_READING: return (true, false)
        case PGRES_POLLING_WRITING: return (false, true)
        case PGRES_POLLING_OK:
            guard PQsetnonblocking(connection, 1) == 0, PQenterPipelineMode(connection) == 1 else {
                throw connectFailure()
            }
            // A warning during the connection, such as a collation version mismatch, concerns no batch.
            notices.warning = nil
            return nil
        default: throw connectFailure()
        }
    }

    /// Gives a batch and its Sync to libpq, which sends as much as the socket accepts.
    mutating func send(_ statements: [PostgresStatement]) throws(PostgresError) {
        for statement in statements {
            let count = Int32(statement.parameters.count)
            let sent = Self.withCStrings(statement.parameters) { values in
                switch statement.form {
                case .whole: PQsendQueryParams(connection, statement.sql, count, nil, values, nil, nil, 0)
                case .preparation(let name): PQsendPrepare(connection, name, statement.sql, 0, nil)
                case .prepared(let name): PQsendQueryPrepared(connection, name, count, values, nil, nil, 0)
                }
            }
            guard sent == 1 else { throw loss(statement.sql.sqlVerb) }
        }
        guard PQpipelineSync(connection) == 1 else { throw loss("Sync") }
    }

    /// - Returns: whether data is left that the socket did not accept.
    mutating func flush() throws(PostgresError) -> Bool {
        let left = PQflush(connection)
        guard left >= 0 else { throw loss("send") }
        return left == 1
    }

    /// Reads the available data from the socket. `next` returns what arrived, even when this throws.
    mutating func receive() throws(PostgresError) {
        guard PQconsumeInput(connection) == 1 else { throw loss("receive") }
    }

    mutating func next() throws(PostgresError) -> Answer {
        guard PQisBusy(connection) == 0 else { return .none }
        guard let result = PQgetResult(connection) else { return .nothing }
        defer { PQclear(result) }
        switch PQresultStatus(result) {
        case PGRES_PIPELINE_SYNC: return .sync
        case PGRES_PIPELINE_ABORTED: return .skipped
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK: return .result(Self.rows(result))
        case PGRES_FATAL_ERROR:
            // libpq itself makes this result when the connection is gone.
            guard let state = Self.field(result, rivet_pg_diag_sqlstate).flatMap({ SQLState($0) }) else {
                throw loss("receive")
            }
            // After FATAL and PANIC the server closes the connection, and no Sync comes.
            if Self.field(result, rivet_pg_diag_severity) != "ERROR" {
                throw .connection(
                    "receive", PostgresCause(state), failure: Self.failure(ofEnd: state), sqlState: state)
            }
            return .refusal(
                PostgresError(
                    outcome: .refused, failure: PostgresFailure(state), sqlState: state,
                    constraint: Self.field(result, rivet_pg_diag_constraint).flatMap(PostgresError.constraintOfOurs),
                    operation: "",
                    cause: PostgresCause(state)))
        default:
            // COPY, an empty statement, or a status that a later libpq adds.
            throw .connection("receive", .unexpectedAnswer, failure: .bug)
        }
    }

    /// The server's warning since the last call, if there is one.
    mutating func takeWarning() -> PostgresError? {
        guard let state = notices.warning else { return nil }
        notices.warning = nil
        return PostgresError(
            outcome: .outcomeUnknown, failure: .reconnect, sqlState: state, operation: "COMMIT",
            cause: .commitUnconfirmed)
    }

    /// Whether the session is in a transaction block that none of our batches began. Then a Sync commits nothing. False
    /// while batches are under way.
    var isInTransactionBlock: Bool {
        let status = PQtransactionStatus(connection)
        return status == PQTRANS_INTRANS || status == PQTRANS_INERROR
    }

    private static func rows(_ result: OpaquePointer) -> PostgresResult {
        let columns = 0..<PQnfields(result)
        let rows = (0..<PQntuples(result)).map { row in
            PostgresRow(
                columns: columns.map { column in
                    guard PQgetisnull(result, row, column) == 0, let value = PQgetvalue(result, row, column) else {
                        return nil
                    }
                    let count = Int(PQgetlength(result, row, column))
                    return value.withMemoryRebound(to: UInt8.self, capacity: count) { bytes in
                        String(decoding: UnsafeBufferPointer(start: bytes, count: count), as: UTF8.self)
                    }
                })
        }
        let affected = PQcmdTuples(result).flatMap { Int(String(cString: $0)) } ?? 0
        return PostgresResult(rows: rows, affectedRows: affected)
    }

    private static func field(_ result: OpaquePointer, _ code: Int32) -> String? {
        PQresultErrorField(result, code).map { String(cString: $0) }
    }

    /// libpq's message about the last failure, with the server's. It is only searched for causes, and never passed on.
    private var words: String { String(cString: PQerrorMessage(connection)) }

    private func connectFailure() -> PostgresError {
        let words = words
        // If every host is of the wrong kind, libpq's own message has no SQLSTATE.
        let state = SQLState(inVerboseMessage: words) ?? (PostgresCause(words) == .readOnly ? SQLState("25006") : nil)
        return .connection(
            "connect to \(target)", PostgresCause(words, state),
            failure: state.map(PostgresFailure.init(ofConnect:)) ?? .reconnect, sqlState: state)
    }

    private func loss(_ operation: String) -> PostgresError {
        let words = words
        let state = notices.lastState ?? SQLState(inVerboseMessage: words)
        return .connection(
            operation, PostgresCause(words, state), failure: Self.failure(ofEnd: state), sqlState: state)
    }

    /// What to do when the server ended the connection with `state`, or without an error.
    private static func failure(ofEnd state: SQLState?) -> PostgresFailure {
        state.map { PostgresFailure($0) } == .unusable ? .unusable : .reconnect
    }

    /// Calls `body` with `texts` as an array of C strings, terminated by a null pointer. The texts must not contain
    /// NUL.
    private static func withCStrings<Output>(
        _ texts: [String?], _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> Output
    ) -> Output {
        var bytes: [CChar] = []
        let offsets = texts.map { text -> Int? in
            guard var text else { return nil }
            let offset = bytes.count
            text.withUTF8 { utf8 in utf8.withMemoryRebound(to: CChar.self) { bytes.append(contentsOf: $0) } }
            bytes.append(0)
            return offset
        }
        return bytes.withUnsafeBufferPointer { bytes in
            var pointers = offsets.map { offset in offset.flatMap { bytes.baseAddress?.advanced(by: $0) } }
            pointers.append(nil)
            return pointers.withUnsafeBufferPointer { pointers in
                guard let start = pointers.baseAddress else { preconditionFailure("an array of one is not empty") }
                return body(start)
            }
        }
    }
}
