/// A part of a process without which the rest is of no use, and how to tell whether it does its work.
public struct Vital: Sendable {
    /// As the log shows it.
    public var name: String
    /// Returns when the part has come to it, at once if all is well; never, or late, when it is stuck. Somebody whom the
    /// part waits for, a tier or Telegram, does not make it stuck.
    public var pulse: @Sendable () async -> Void

    public init(_ name: String, pulse: @escaping @Sendable () async -> Void) {
        self.name = name
        self.pulse = pulse
    }
}
