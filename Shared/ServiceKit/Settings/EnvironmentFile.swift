/// A settings file, parsed as systemd's `EnvironmentFile=` parses it.
///
/// This format was measured with systemd 252 and 257, and the tests compare with both:
/// - A line ends with LF, CR, or both. Blanks (space, tab) at the beginning of a line and around names and values are
///   ignored.
/// - A line that begins with `#` or `;` is a comment. There are no other comments: in `A=1 # one` the value is
///   `1 # one`.
/// - A value may begin with quoted parts, separated by blanks, which are joined: `"a" 'b'` is `ab`. After them a quote
///   is an ordinary character: `it's`.
/// - Outside quotes, a backslash makes the next byte literal; before a line end both are removed, so the value
///   continues on the next line. Inside `"`, this applies only before `"`, `\`, `` ` ``, `$` and LF; before other bytes
///   the backslash is an ordinary character. Inside `'`, it always is.
/// - If a quote is never closed, the rest of the file belongs to the value.
/// - A line is ignored if it has no `=`, or if its name is invalid (valid: letters, digits, `_`, not a digit first). So
///   is a first line with a byte order mark before its name. An `=` at the beginning of a line is part of the name.
/// - If a name occurs again, its last value counts.
///
/// One rule depends on the version: see ``SystemdVersion/continuesComments``.
public struct EnvironmentFile: Sendable, Equatable {
    /// systemd has no such bound, but Linux starts no process with a larger environment.
    public static let bytesMax = 1_048_576
    /// The bound of name, `=` and value together. If an assignment is longer by one byte, with the NUL at its end,
    /// Linux starts no process.
    static let assignmentBytesMax = 131_071

    /// The byte order mark of UTF-8.
    static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

    /// The values by name. A value may be empty.
    public let variables: [String: String]
    /// Warnings for the operator, in the order of the lines.
    public let warnings: [EnvironmentFileWarning]

    /// - Parameter systemd: the version whose rules apply; nil, if there is no systemd, means the newest.
    /// - Throws: for a file that systemd would refuse as a whole, and for one of more than ``bytesMax`` bytes.
    public init(_ bytes: [UInt8], systemd: SystemdVersion?) throws(EnvironmentFileError) {
        guard bytes.count <= Self.bytesMax else { throw .tooLong }
        var reader = EnvironmentFileReader(bytes, continuesComments: systemd?.continuesComments ?? false)
        if let offset = bytes.firstIndex(of: 0) { throw .nulByte(line: reader.line(of: offset)) }
        var variables: [String: String] = [:]
        while let assignment = reader.next() {
            let line = assignment.line
            guard let name = Self.text(assignment.name), let value = Self.text(assignment.value) else {
                throw .notUTF8(line: line)
            }
            guard Self.isName(assignment.name) else {
                reader.warn(line, Self.problem(ofName: assignment.name))
                continue
            }
            guard assignment.name.count + 1 + assignment.value.count <= Self.assignmentBytesMax else {
                throw .valueTooLong(line: line)
            }
            variables[name] = value
        }
        self.variables = variables
        warnings = reader.warnings.sorted { $0.line < $1.line }
    }

    private static func isName(_ name: [UInt8]) -> Bool {
        guard let first = name.first, !isDigit(first) else { return false }
        return name.allSatisfy { byte in
            isDigit(byte) || byte == UInt8(ascii: "_") || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
        }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    private static func problem(ofName name: [UInt8]) -> EnvironmentFileWarning.Kind {
        if name.starts(with: byteOrderMark) { return .byteOrderMark }
        let isExport = name.starts(with: "export ".utf8) || name.starts(with: "export\t".utf8)
        return isExport ? .export : .badName
    }

    /// Nil for bytes that are not UTF-8, and for a text with Unicode noncharacters, which systemd refuses too.
    private static func text(_ bytes: [UInt8]) -> String? {
        guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
        let isClean = text.unicodeScalars.allSatisfy { scalar in
            scalar.value & 0xFFFE != 0xFFFE && !(0xFDD0...0xFDEF).contains(scalar.value)
        }
        return isClean ? text : nil
    }
}
