import Contracts
public import Logging

extension Logger {
    /// Logs one line for each option of a database URL that was ignored.
    public func note(_ tiers: RemoteTiers) {
        for (name, target) in tiers.targets {
            for warning in target.warnings {
                self.warning(
                    "a database URL has an option that has no effect",
                    metadata: ["tier": "\(name.rawValue)", "reason": "\(warning)"])
            }
        }
    }
}
