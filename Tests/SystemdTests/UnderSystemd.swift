import Foundation
import Testing

/// The package, installed into a container and run by its systemd. In the order of the names of the files.
@Suite(
    .serialized, .withInstalledRivet,
    .enabled(if: InstalledRivet.package != nil, "RIVET_PACKAGE names no package: make test-systemd does"))
enum UnderSystemd {
    /// How long anybody may have to wait for a reply, whatever is restarted.
    static let waitMax = Duration.milliseconds(1_500)

    static var rivet: InstalledRivet {
        get throws { try #require(InstalledRivet.current) }
    }
}
