/// Something in a settings file that its writer may not have meant. The line's content is never told: it may be a secret.
public struct EnvironmentFileWarning: Sendable, Equatable {
    public enum Kind: Sendable, Equatable {
        /// No assignment: left out.
        case noEqualsSign
        /// `export NAME=value`: left out.
        case export
        /// The name is none: left out.
        case badName
        /// The file's byte order mark makes its first line neither a comment nor an assignment: left out.
        case byteOrderMark
        /// The rest of the file belongs to the value.
        case quoteNotClosed
        /// A comment that ends in a backslash, and the next line is neither empty nor a comment: up to systemd 253 that
        /// line is part of the comment, from 254 on it is not.
        case commentEndsInBackslash
    }

    /// From 1; of an assignment, the first.
    public var line: Int
    public var kind: Kind
}
