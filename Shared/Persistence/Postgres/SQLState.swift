/// PostgreSQL's error code of five characters (PostgreSQL manual, appendix A).
public struct SQLState: Sendable, Hashable, CustomStringConvertible {
    public var code: String

    /// - Returns: nil unless `code` is five digits or capital letters.
    public init?(_ code: some StringProtocol) {
        guard code.utf8.count == 5, code.utf8.allSatisfy(Self.isCodeByte) else { return nil }
        self.code = String(code)
    }

    /// The first two characters.
    public var category: String { String(code.prefix(2)) }
    public var description: String { code }

    /// The last SQLSTATE in a verbose message of libpq, which has the form `FATAL: 28P01: password …` in any language.
    ///
    /// A failed connection has no result to read it from. After attempts at several hosts, the last one counts.
    init?(inVerboseMessage message: String) {
        let bytes = Array(message.utf8)
        let (colon, space) = (UInt8(ascii: ":"), UInt8(ascii: " "))
        var found: SQLState?
        // ":  XXXXX: " are ten bytes.
        for start in bytes.indices where start + 10 <= bytes.count && bytes[start] == colon {
            guard bytes[start + 1] == space, bytes[start + 2] == space, bytes[start + 8] == colon,
                bytes[start + 9] == space,
                let state = SQLState(String(decoding: bytes[start + 3..<start + 8], as: UTF8.self))
            else { continue }
            found = state
        }
        guard let found else { return nil }
        self = found
    }

    private static func isCodeByte(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
    }
}
