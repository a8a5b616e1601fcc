import Contracts
import Foundation
import TelegramSimulator
import TestSupport
import Testing

extension UnderSystemd {
    /// The package's life: upgraded while people talk, removed, installed again, purged.
    @Suite(.serialized) struct Package {
        @Test func anUpgradeInterruptsNobody() async throws {
            let rivet = try UnderSystemd.rivet
            try await rivet.start()
            try await rivet.container.must(
                """
                dpkg-deb -R \(try #require(InstalledRivet.package)) /var/tmp/newer
                sed -i 's/^Version: .*/&+1/' /var/tmp/newer/DEBIAN/control
                dpkg-deb --root-owner-group -Znone --build /var/tmp/newer /var/tmp/newer.deb
                """)
            let before = InstalledRivet.Service.allCases.map { ($0, rivet.process($0)) }
            let sockets = try await rivet.container.must("stat -c %i /run/rivet/state.sock /run/rivet/library.sock")
            let chatter = Chatter(rivet.telegram, from: 90_000)
            let probed = try await SocketProber.probe(rivet) {
                try await chatter.talk {
                    try await chatter.goOn()
                    _ = chatter.takeLongestWait()
                    // The settings are the operator's, and kept.
                    try await rivet.container.must("dpkg --force-confold -i /var/tmp/newer.deb")
                    try await chatter.goOn()
                }
            }
            let longest = chatter.takeLongestWait()
            try await chatter.check(rivet)
            for (service, process) in before {
                let now = rivet.process(service)
                #expect(now != nil && now != process, "\(service)")
            }
            let version = try await rivet.container.must("dpkg-query -W -f '${Version} ${db:Status-Status}' rivet")
            #expect(version.hasSuffix("+1 installed"), "\(version)")
            #expect(
                try await rivet.container.must("stat -c %i /run/rivet/state.sock /run/rivet/library.sock") == sockets)
            #expect(try await rivet.container.must("cat /etc/rivet/rivet.env").hasPrefix("TELEGRAM_API_URL="))
            #expect(probed.refused == 0)
            #expect(longest <= UnderSystemd.waitMax)
            rivet.figures.add("upgrade of the package: longest wait", longest.inSeconds, bound: "1.5 s")
        }

        @Test func aRemovalKeepsWhatWasSaid() async throws {
            let rivet = try UnderSystemd.rivet
            try await rivet.start()
            let chatter = Chatter(rivet.telegram, people: 2, from: 95_000)
            try await chatter.talk { try await chatter.goOn() }
            try await rivet.container.must("systemctl enable rivet.target; dpkg -r rivet")
            #expect(InstalledRivet.Service.allCases.allSatisfy { rivet.process($0) == nil })
            #expect(try await rivet.container.run("systemctl list-unit-files --no-legend 'rivet*'").output == "")
            #expect(
                try await rivet.container.run(
                    "find /usr /etc/systemd -name '*rivet*' ! -path '*/rivet-*.service.d' | grep -v ^/usr/src"
                ).output
                    == "")
            try await rivet.container.must(
                "test -s /var/lib/rivet-state/state.db && test -s /var/lib/rivet-library/library.db && test -s /etc/rivet/rivet.env"
            )
            try await rivet.container.must("dpkg --force-confold -i \(try #require(InstalledRivet.package))")
            try await rivet.start()
            try await chatter.check(rivet)
        }

        @Test func aPurgeLeavesNothing() async throws {
            let rivet = try UnderSystemd.rivet
            try await rivet.start()
            try await rivet.container.must("dpkg -P rivet")
            #expect(InstalledRivet.Service.allCases.allSatisfy { rivet.process($0) == nil })
            #expect(
                try await rivet.container.run("ls -d /etc/rivet /var/lib/rivet* /run/rivet* 2>/dev/null").output == "")
            #expect(try await rivet.container.run("systemctl list-units --all --no-legend 'rivet*'").output == "")
            // Their numbers must not become anybody else's.
            try await rivet.container.must("id rivet-state && id rivet-library && id rivet-gateway")
            rivet.figures.add("package installed, upgraded, removed, purged", "as said", bound: "as said")
        }
    }
}
