import Contracts

/// What the program exits with: scripts rely on the numbers.
enum ExitCodes {
    static let done: Int32 = 0
    /// What was asked for could not be done; for `health`, a service is degraded.
    static let failed: Int32 = 1
    /// A service gives no answer; for `health`, also one that is failing.
    static let unreachable: Int32 = 2
    /// EX_USAGE of sysexits.h.
    static let usage: Int32 = 64
    /// EX_IOERR.
    static let output: Int32 = 74
    /// EX_CONFIG.
    static let configuration: Int32 = 78

    static let help = """
        EXIT CODES
          0   done; for health, all services are ok
          1   it could not be done; for health, a service is degraded
          2   a service does not answer; for health, also one that is failing
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
}
