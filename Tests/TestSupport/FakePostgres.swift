import Glibc
import Synchronization

/// A listener for a database URL that records what clients send, and quotes all of it in its responses: user, database,
/// password. A real server quotes less, but a pooler, a proxy or another program at that address may.
///
/// Unlike PostgreSQL it declines TLS and GSSAPI, asks for the password in the clear (no SCRAM), sends no parameter
/// status, honors no request to cancel, and executes no statement: each one fails.
public final class FakePostgres: Sendable {
    /// How it responds to a startup packet.
    public enum Manner: Int, Sendable, CaseIterable {
        /// Asks for the password in the clear, and refuses it (28P01).
        case wrongPassword
        /// Refuses at once (28000).
        case notAdmitted
        /// Asks for the password, and fails with a code that poolers use (XX000).
        case pooler
        /// Asks for the password, and reports that the database does not exist (3D000).
        case noDatabase
        /// Admits the client, and refuses each statement with 22P02; the password is the name of a constraint.
        case refusesStatements
        /// Admits the client, and ends the session with a notice and an error.
        case endsSession
        /// Responds as a web server does.
        case isNone
        /// Closes the connection after a notice.
        case closes
    }

    /// The bytes from one client.
    public struct Visit: Sendable {
        /// User, database, options, and the name of the application.
        public var startup: [UInt8] = []
        /// The password message, if it was requested.
        public var password: [UInt8] = []
        /// Everything after it.
        public var later: [UInt8] = []
    }

    /// The state that this object and its threads share.
    private final class Shared: Sendable {
        private let state = Mutex<(manner: Manner, visits: [Int: Visit], count: Int)>((.wrongPassword, [:], 0))

        var manner: Manner {
            get { state.withLock { $0.manner } }
            set { state.withLock { $0.manner = newValue } }
        }

        /// - Returns: the number of the visit, for `add`.
        func begin(_ startup: [UInt8]) -> Int {
            state.withLock { state in
                state.count += 1
                state.visits[state.count] = Visit(startup: startup)
                return state.count
            }
        }

        func add(_ bytes: [UInt8], to part: any WritableKeyPath<Visit, [UInt8]> & Sendable, of number: Int) {
            state.withLock { state in state.visits[number, default: Visit()][keyPath: part] += bytes }
        }

        func take() -> [Visit] {
            state.withLock { state in
                defer { state.visits = [:] }
                return Array(state.visits.values)
            }
        }
    }

    private let shared = Shared()
    private let listener: LoopbackListener

    public var port: UInt16 { listener.port }

    public init() throws { listener = try LoopbackListener { [shared] in FakePostgres.serve($0, shared) } }

    deinit { listener.end() }

    public func set(_ manner: Manner) { shared.manner = manner }

    /// The visits since the last call. The bytes of a client are recorded before it gets its response.
    public func takeVisits() -> [Visit] { shared.take() }

    private static func serve(_ descriptor: Int32, _ shared: Shared) {
        guard let startup = startup(descriptor) else { return }
        let (visit, manner) = (shared.begin(startup), shared.manner)
        var password: [UInt8] = []
        if [.wrongPassword, .pooler, .noDatabase, .refusesStatements, .endsSession].contains(manner) {
            LoopbackListener.write(message("R", [0, 0, 0, 3]), to: descriptor)
            password = next(descriptor) ?? []
            shared.add(password, to: \.password, of: visit)
        }
        let words = Array((startup + password).map { $0 == 0 ? UInt8(ascii: " ") : $0 })
        func failure(_ code: String, _ severity: String = "FATAL", kind: Character = "E") -> [UInt8] {
            error(kind, severity, code, words)
        }
        switch manner {
        case .wrongPassword: LoopbackListener.write(failure("28P01"), to: descriptor)
        case .notAdmitted: LoopbackListener.write(failure("28000"), to: descriptor)
        case .pooler: LoopbackListener.write(failure("XX000"), to: descriptor)
        case .noDatabase: LoopbackListener.write(failure("3D000"), to: descriptor)
        case .isNone:
            LoopbackListener.write(Array("HTTP/1.1 400 ".utf8) + words + Array("\r\n\r\n".utf8), to: descriptor)
        case .closes: LoopbackListener.write(failure("01000", "WARNING", kind: "N"), to: descriptor)
        case .endsSession:
            LoopbackListener.write(
                admission + failure("01000", "WARNING", kind: "N") + failure("57P01"), to: descriptor)
        case .refusesStatements:
            LoopbackListener.write(admission, to: descriptor)
            while let more = LoopbackListener.read(descriptor) {
                shared.add(more, to: \.later, of: visit)
                // One response for each Sync.
                let syncs = more.indices.count { more[$0...].starts(with: [UInt8(ascii: "S"), 0, 0, 0, 4]) }
                for _ in 0..<syncs {
                    LoopbackListener.write(
                        failure("22P02", "ERROR") + message("Z", [UInt8(ascii: "I")]), to: descriptor)
                }
            }
        }
    }

    /// The parameters, after requests for encryption were declined.
    private static func startup(_ descriptor: Int32) -> [UInt8]? {
        while true {
            guard let head = LoopbackListener.read(descriptor, exactly: 8),
                let rest = LoopbackListener.read(descriptor, exactly: max(0, length(head) - 8))
            else { return nil }
            // 1234 is no protocol version: it marks a request for TLS or GSSAPI.
            guard head[4...5] == [0x04, 0xD2] else { return rest }
            LoopbackListener.write([UInt8(ascii: "N")], to: descriptor)
        }
    }

    /// The body of the next message that has a type.
    private static func next(_ descriptor: Int32) -> [UInt8]? {
        guard let head = LoopbackListener.read(descriptor, exactly: 5) else { return nil }
        return LoopbackListener.read(descriptor, exactly: max(0, length(Array(head[1...])) - 4))
    }

    private static func length(_ bytes: [UInt8]) -> Int {
        min(bytes.prefix(4).reduce(0) { $0 << 8 | Int($1) }, 65_536)
    }

    private static func message(_ kind: Character, _ body: [UInt8]) -> [UInt8] {
        let count = UInt32(body.count + 4)
        return Array(String(kind).utf8) + [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: count >> $0) } + body
    }

    /// Authentication succeeded, and the server is ready.
    private static var admission: [UInt8] {
        message("R", [0, 0, 0, 0]) + message("K", [0, 0, 0, 1, 0, 0, 0, 1]) + message("Z", [UInt8(ascii: "I")])
    }

    /// An error or notice with `words` in every text field.
    private static func error(_ kind: Character, _ severity: String, _ code: String, _ words: [UInt8]) -> [UInt8] {
        var body: [UInt8] = []
        for (field, text) in [("S", Array(severity.utf8)), ("V", Array(severity.utf8)), ("C", Array(code.utf8))] {
            body += Array(field.utf8) + text + [0]
        }
        for field in "MDHWqstcdnFR" { body += Array(String(field).utf8) + words + [0] }
        return message(kind, body + [0])
    }
}
