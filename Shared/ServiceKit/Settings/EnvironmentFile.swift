/// A settings file, read as `EnvironmentFile=` of systemd reads the same bytes.
///
/// What the format is was measured at systemd 252 and 257, and the tests ask both again:
/// - A line ends with LF, CR, or both. Blanks (space, tab) at the beginning of a line and around names and values go.
/// - A line that begins with `#` or `;` is a comment. Nothing else is one: `A=1 # one` has all of it as its value.
/// - A value may begin with parts in quotes, with blanks between them, which are joined: `"a" 'b'` is `ab`. What follows
///   them is read without quotes, and there a quote is a letter: `it's`.
/// - Outside quotes, a backslash takes the next byte as it is, and a line end after it is left out, so the value goes on
///   in the next line. Between `"`, it does so before `"`, `\`, `` ` ``, `$` and LF, and is a letter before others.
///   Between `'`, it is a letter.
/// - A quote that is never closed takes the rest of the file.
/// - A line without `=`, or with a name that is none (letters, digits, `_`, not first a digit), is left out. So is a first
///   line with a byte order mark before its name. An `=` that a line begins with is part of its name.
/// - A name that comes again replaces the value before.
///
/// One thing depends on the version: see ``SystemdVersion/continuesComments``.
public struct EnvironmentFile: Sendable, Equatable {
    /// systemd has no such bound; but an environment of more than this starts no process.
    public static let bytesMax = 1_048_576
    /// Of name, `=` and value together. With one more, and the NUL at its end, Linux starts no process.
    static let assignmentBytesMax = 131_071

    /// That of UTF-8.
    static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

    /// A value may be empty.
    public let variables: [String: String]
    /// What an operator should know, in the order of the lines.
    public let warnings: [EnvironmentFileWarning]

    /// - Parameter systemd: the one to read as; nil where there is none, which is like the newest.
    /// - Throws: for what makes systemd refuse the whole file, and for a file of more than ``bytesMax`` bytes.
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

    /// Nil for what is no UTF-8, and for the code points that Unicode says are no characters, which systemd refuses, too.
    private static func text(_ bytes: [UInt8]) -> String? {
        guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
        let isClean = text.unicodeScalars.allSatisfy { scalar in
            scalar.value & 0xFFFE != 0xFFFE && !(0xFDD0...0xFDEF).contains(scalar.value)
        }
        return isClean ? text : nil
    }
}
