/// A part of a process without which the process is useless, and a check whether it works.
public struct Vital: Sendable {
    /// The name for the log.
    public var name: String
    /// Returns when the part has handled the check: at once if the part works; late or never if it is stuck. A part
    /// that waits for a tier or Telegram is not stuck.
    public var pulse: @Sendable () async -> Void

    public init(_ name: String, pulse: @escaping @Sendable () async -> Void) {
        self.name = name
        self.pulse = pulse
    }
}
