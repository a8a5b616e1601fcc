import Contracts

/// What the program exits with: scripts rely on the numbers.
enum ExitCodes {
    static let done: Int32 = 0
    /// What was asked for could not be done; for `health`, a service is degraded; for `tiers`, one is away or behind; for
    /// `verify`, something differs; for `doctor`, something should be corrected; for `show`, the user is not known.
    static let failed: Int32 = 1
    /// A service gives no answer; for `health` and `tiers`, also one that is failing; for `verify`, a tier that cannot be
    /// read; for `doctor`, a service, a database or Telegram.
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
          1   it could not be done; for health, a service is degraded; for tiers,
              one is away or behind; for verify, something differs; for doctor,
              something should be corrected; for show, the user is not known
          2   a service does not answer, or this user may not call it; for health
              and tiers, also one that is failing; for verify, a tier that cannot
              be read; for doctor, also a database or Telegram that does not answer
          64  the command line is wrong
          74  the answer could not be written
          78  a setting is wrong
        """

    /// The worst of what the services said; one that is silent is as bad as one that fails.
    static func ofHealths(_ statuses: [ServiceHealth.Status?]) -> Int32 {
        statuses.map { status -> Int32 in
            switch status {
            case .ok: done
            case .degraded: failed
            case .failing, nil: unreachable
            }
        }.max() ?? done
    }

    /// What a tier may be owed for so long without being called behind.
    static let owedSecondsMax: Int64 = 30

    /// The worst of what the services said of their tiers.
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
