/// A setting that does not parse: what stops a process at its start, in one line, whatever is in it.
public struct ConfigurationError: Error, Equatable, CustomStringConvertible {
    /// The variable, or the credential.
    public var name: String
    /// Nil for a secret, and for what may be one: see ``ShownValue``.
    public let value: String?
    /// What is accepted.
    public var accepted: String
    /// There is a value that may be a secret.
    private let isHidden: Bool

    /// - Parameters:
    ///   - value: nil for a secret. It is kept only if it cannot be one.
    ///   - accepted: holds nothing of the value.
    public init(name: String, value: String? = nil, accepted: String) {
        self.name = name
        self.value = value.flatMap(ShownValue.text)
        self.accepted = accepted
        isHidden = value != nil && self.value == nil
    }

    public var description: String {
        if let value { return "\(name) is \"\(value)\"; accepted is \(accepted)" }
        return isHidden
            ? "\(name) has a value that is not shown, since it may hold a secret; accepted is \(accepted)"
            : "\(name): \(accepted)"
    }
}
