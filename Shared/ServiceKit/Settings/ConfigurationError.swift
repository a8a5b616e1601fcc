/// A wrong setting, which stops a process at its start. The description is always one line.
///
/// It does not contain the value, since any value may be a secret in the wrong variable.
public struct ConfigurationError: Error, Equatable, CustomStringConvertible {
    /// The variable, or the credential.
    public var name: String
    /// What is accepted.
    public var accepted: String
    /// Whether the setting has a value, which is not accepted.
    private let hasValue: Bool

    /// An error about a setting as a whole, for example one that is missing.
    public init(name: String, accepted: String) {
        self.name = name
        self.accepted = accepted
        hasValue = false
    }

    /// An error about a value that is not accepted.
    ///
    /// - Parameter accepted: must not contain any part of the value.
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
