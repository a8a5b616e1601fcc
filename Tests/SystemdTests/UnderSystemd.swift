import Foundation
import Testing

/// The package, installed in a container and run by its systemd. The suites run in the order of their file names.
@Suite(
    .serialized, .withInstalledRivet,
    .enabled(if: InstalledRivet.package != nil, "RIVET_PACKAGE names no package: make test-systemd does"))
enum UnderSystemd {
    /// The longest that a person may wait for a reply, whatever is restarted.
    static let waitMax = Duration.milliseconds(1_500)

    static var rivet: InstalledRivet {
        get throws { try #require(InstalledRivet.current) }
    }
}
