import Contracts
public import Logging

extension Logger {
    /// One line for each option of a database URL that was left out.
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
