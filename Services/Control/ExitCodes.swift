import Contracts

/// The exit codes of the program. Scripts rely on the numbers.
enum ExitCodes {
    static let done: Int32 = 0
    /// The command failed. For `health`, a service is degraded; for `tiers`, a tier is away or behind; for `verify`,
    /// something differs; for `doctor`, something should be corrected; for `show`, the user is not known.
    static let failed: Int32 = 1
    /// A service does not answer. For `health` and `tiers`, also: a service is failing. For `verify`: a tier cannot be
    /// read. For `doctor`: a service, a database or Telegram does not answer.
    static let unreachable: Int32 = 2
    /// EX_USAGE of sysexits.h.
    static let usage: Int32 = 64
    /// EX_IOERR.
    static let output: Int32 = 74
    /// EX_CONFIG.
    static let configuration: Int32 = 78

    static let help = """
        EXIT CODES
          0   done; for health, tiers and doctor, all is well; for verify, all
              tiers are equal
          1   the command failed; for health, a service is degraded; for tiers,
              one is away or behind; for verify, something differs; for doctor,
              something should be corrected; for show, the user is not known
          2   a service does not answer, or this user may not call it; for health
              and tiers, also if one is failing; for verify, a tier cannot be read;
              for doctor, also if a database or Telegram does not answer
          64  the command line is wrong
          74  the output could not be written
          78  a setting is wrong
        """

    /// The code for the worst status; a service that does not answer (nil) counts as failing.
    static func ofHealths(_ statuses: [ServiceHealth.Status?]) -> Int32 {
        statuses.map { status -> Int32 in
            switch status {
            case .ok: done
            case .degraded: failed
            case .failing, nil: unreachable
            }
        }.max() ?? done
    }

    /// How long a tier may be owed a record before it counts as behind.
    static let owedSecondsMax: Int64 = 30

    /// The code for the worst state of a tier; a service that does not answer (nil) counts as failing.
    static func ofTiers(_ healths: [ServiceHealth.Output?]) -> Int32 {
        healths.map { health -> Int32 in
            guard let health, health.status != .failing else { return unreachable }
            let isBehind = health.tiers.contains { tier in
                tier.state != .up || tier.oldestPendingAge.map { $0 > owedSecondsMax } ?? false
            }
            return isBehind ? failed : done
        }.max() ?? done
    }
}
