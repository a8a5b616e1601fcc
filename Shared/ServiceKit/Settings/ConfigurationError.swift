/// A setting that does not parse: what stops a process at its start, in one line, whatever is in it.
public struct ConfigurationError: Error, Equatable, CustomStringConvertible {
    /// The variable, or the credential.
    public var name: String
    /// Nil for a secret, which is never shown.
    public var value: String?
    /// What is accepted.
    public var accepted: String

    /// - Parameter value: nil for a secret.
    public init(name: String, value: String? = nil, accepted: String) {
        self.name = name
        self.value = value
        self.accepted = accepted
    }

    public var description: String {
        guard let value else { return "\(name): \(accepted)" }
        let line = value.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).joined(separator: "\\n")
        return "\(name) is \"\(line)\"; accepted is \(accepted)"
    }
}
