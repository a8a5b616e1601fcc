/// A line of a settings file that is probably a mistake. The warning contains no part of the line, which may hold a
/// secret.
public struct EnvironmentFileWarning: Sendable, Equatable {
    public enum Kind: Sendable, Equatable {
        /// The line is not an assignment and is ignored.
        case noEqualsSign
        /// The line is `export NAME=value` and is ignored.
        case export
        /// The name is invalid; the line is ignored.
        case badName
        /// With the file's byte order mark the first line is neither a comment nor an assignment; it is ignored.
        case byteOrderMark
        /// The rest of the file belongs to the value.
        case quoteNotClosed
        /// A comment ends in a backslash, and the next line is neither empty nor a comment. Up to systemd 253 that line
        /// is part of the comment; from 254 on it is not.
        case commentEndsInBackslash
    }

    /// The line, from 1; for an assignment, its first line.
    public var line: Int
    public var kind: Kind
}
