import Glibc
import Synchronization

/// What listens where a database URL leads, takes down what it is told, and quotes all of it in its answers: the user, the
/// database, the password. A real server quotes less; a pooler, a proxy or something else that listens there may.
public final class FakePostgres: Sendable {
    /// How it answers a startup packet.
    public enum Manner: Int, Sendable, CaseIterable {
        /// Wants the password in the clear, and refuses it (28P01).
        case wrongPassword
        /// Refuses at once (28000).
        case notAdmitted
        /// Wants the password, and fails with a code of poolers (XX000).
        case pooler
        /// Wants the password, and says that there is no such database (3D000).
        case noDatabase
        /// Lets the client in, and refuses each statement with 22P02, with the password as the name of a constraint.
        case refusesStatements
        /// Lets the client in, and ends the session with a notice and an error.
        case endsSession
        /// Answers as a web server does.
        case isNone
        /// Closes the connection after a notice.
        case closes
    }

    /// What one client said.
    public struct Visit: Sendable {
        /// User, database, options, the application's name.
        public var startup: [UInt8] = []
        /// The password message, if it was asked for.
        public var password: [UInt8] = []
        /// Everything after it.
        public var later: [UInt8] = []
    }

    /// The threads have it too.
    private final class Shared: Sendable {
        private let state = Mutex<(manner: Manner, visits: [Int: Visit], count: Int)>((.wrongPassword, [:], 0))

        var manner: Manner {
            get { state.withLock { $0.manner } }
            set { state.withLock { $0.manner = newValue } }
        }

        /// - Returns: the number by which it is told more of.
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

    /// What came since the last time that this was asked. What a client said is here before it has its answer.
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
                // An answer for each end of a transaction that was asked for.
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
            // 1234 is no version of the protocol: TLS or GSSAPI is asked for.
            guard head[4...5] == [0x04, 0xD2] else { return rest }
            LoopbackListener.write([UInt8(ascii: "N")], to: descriptor)
        }
    }

    /// The body of the next message with a type.
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

    /// Authentication is done, and the server is ready.
    private static var admission: [UInt8] {
        message("R", [0, 0, 0, 0]) + message("K", [0, 0, 0, 1, 0, 0, 0, 1]) + message("Z", [UInt8(ascii: "I")])
    }

    /// With `words` in every field that is text.
    private static func error(_ kind: Character, _ severity: String, _ code: String, _ words: [UInt8]) -> [UInt8] {
        var body: [UInt8] = []
        for (field, text) in [("S", Array(severity.utf8)), ("V", Array(severity.utf8)), ("C", Array(code.utf8))] {
            body += Array(field.utf8) + text + [0]
        }
        for field in "MDHWqstcdnFR" { body += Array(String(field).utf8) + words + [0] }
        return message(kind, body + [0])
    }
}
