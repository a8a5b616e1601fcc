/// A setting that does not parse: what stops a process at its start, in one line.
public struct ConfigurationError: Error, Equatable, CustomStringConvertible {
    /// The variable, or the credential.
    public var name: String
    /// Nil for a secret, which is never shown.
    public var value: String?
    /// What is accepted.
    public var accepted: String

    public var description: String {
        if let value { "\(name) is \"\(value)\"; accepted is \(accepted)" } else { "\(name): \(accepted)" }
    }
}
