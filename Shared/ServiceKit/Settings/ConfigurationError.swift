/// A setting that does not parse: what stops a process at its start, in one line, whatever is in it.
///
/// The value is not part of it: a secret in the wrong variable may look like any word.
public struct ConfigurationError: Error, Equatable, CustomStringConvertible {
    /// The variable, or the credential.
    public var name: String
    /// What is accepted.
    public var accepted: String
    /// There is a value that is not accepted.
    private let hasValue: Bool

    /// What is wrong with a setting as a whole, such as one that is missing.
    public init(name: String, accepted: String) {
        self.name = name
        self.accepted = accepted
        hasValue = false
    }

    /// A value that is not accepted.
    ///
    /// - Parameter accepted: holds nothing of the value.
    public init(valueOf name: String, accepted: String) {
        self.name = name
        self.accepted = accepted
        hasValue = true
    }

    public var description: String {
        hasValue
            ? "\(name) has a value that is not accepted (not shown: it may hold a secret); accepted is \(accepted)"
            : "\(name): \(accepted)"
    }
}
