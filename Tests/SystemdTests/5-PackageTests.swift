import Contracts
import Foundation
import TelegramSimulator
import TestSupport
import Testing

extension UnderSystemd {
    /// The package: upgraded while people talk to the bot, removed, installed again, purged.
    @Suite(.serialized) struct Package {
        @Test func `An upgrade: interrupts no one`() async throws {
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
                    // The operator's settings file is kept.
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

        @Test func `A removal: keeps what people saved`() async throws {
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

        @Test func `The version: the same wherever it is shown`() async throws {
            let rivet = try UnderSystemd.rivet
            try await rivet.start()
            let shown = try await rivet.container.must("rivetctl --version")
            let package = try #require(InstalledRivet.package)
            #expect(try await rivet.container.must("dpkg-deb -f \(package) Version") == shown)
            for service in InstalledRivet.Service.allCases {
                let version = try await rivet.call(service, "service.health", [:])["version"]?.stringValue
                #expect(version == shown.filter { !$0.isNewline })
            }
        }

        @Test func `Manual pages and completion: installed, and named by the units`() async throws {
            let rivet = try UnderSystemd.rivet
            let named = try await rivet.container.must(
                "sed -n 's/^Documentation=//p' /usr/lib/systemd/system/rivet* | tr ' ' '\\n' | sort -u")
            for page in named.split(separator: "\n") {
                let parts = page.replacing("man:", with: "").split { "()".contains($0) }
                try await rivet.container.must("test -s /usr/share/man/man\(parts[1])/\(parts[0]).\(parts[1]).gz")
            }
            for page in ["man1/rivetctl.1", "man5/rivet.env.5"] {
                let text = try await rivet.container.must("gzip -dc /usr/share/man/\(page).gz")
                #expect(text.contains(page == "man1/rivetctl.1" ? ".SS rivetctl doctor" : ".B RIVET_DURABILITY=remote"))
                #expect(!text.contains("\n@"))
            }
            let completions = try await rivet.container.must(
                """
                bash -c '. /usr/share/bash-completion/completions/rivetctl
                    COMP_WORDS=(rivetctl do) COMP_CWORD=1 COMP_LINE="rivetctl do" COMP_POINT=11
                    $(complete -p rivetctl | sed "s/.*-F \\([^ ]*\\).*/\\1/") rivetctl do rivetctl
                    echo "${COMPREPLY[@]}"'
                """)
            #expect(completions == "doctor\n")
        }

        /// As images are built: systemd does not run, /proc is not mounted, and the settings may be missing.
        @Test func `An installation into an image: succeeds`() async throws {
            let rivet = try UnderSystemd.rivet
            try await rivet.install()
            let output = try await rivet.container.must(
                """
                mount -t tmpfs tmpfs /mnt && cd /mnt && mkdir changes work image
                mount -t overlay -o lowerdir=/,upperdir=changes,workdir=work overlay image
                cp \(try #require(InstalledRivet.package)) image/var/tmp/rivet.deb
                chroot image dpkg -P rivet
                chroot image sh -ec 'test ! -e /proc/self
                    for name in gateway state library; do userdel rivet-$name; done; groupdel rivet
                    dpkg --path-exclude=/etc/rivet/rivet.env -i /var/tmp/rivet.deb; id rivet-state
                    dpkg -P rivet; dpkg -i /var/tmp/rivet.deb; test "$(stat -c %G /etc/rivet/rivet.env)" = rivet'
                cd / && umount /mnt/image /mnt
                """)
            #expect(output.contains("systemctl enable --now rivet.target"), "\(output)")
        }

        @Test func `A purge: leaves nothing except the operator's files`() async throws {
            let rivet = try UnderSystemd.rivet
            try await rivet.start()
            try await rivet.container.must(
                """
                install -d /etc/systemd/system/rivet-state.service.d /etc/systemd/system/rivet-library.service.d
                ln -s /usr/share/rivet/remote-tiers.conf /etc/systemd/system/rivet-state.service.d/
                ln -s /usr/share/rivet/remote-tiers.conf /etc/systemd/system/rivet-library.service.d/
                echo '[Service]' >/etc/systemd/system/rivet-library.service.d/own.conf
                """)
            let purged = try await rivet.container.must("dpkg -P rivet")
            // Secrets and the operator's own files stay, and are named.
            let own = [
                "/etc/credstore/rivet.telegram-bot-token", "/etc/systemd/system/rivet-library.service.d/own.conf",
            ]
            let left = try await rivet.container.must("find /etc -path '*rivet*' ! -type d | sort")
            #expect(left == own.joined(separator: "\n") + "\n")
            for file in own { #expect(purged.contains(file), "\(purged)") }
            #expect(InstalledRivet.Service.allCases.allSatisfy { rivet.process($0) == nil })
            #expect(
                try await rivet.container.run("ls -d /etc/rivet /var/lib/rivet* /run/rivet* 2>/dev/null").output == "")
            #expect(try await rivet.container.run("systemctl list-units --all --no-legend 'rivet*'").output == "")
            // The users stay, so that no other user gets their numbers.
            try await rivet.container.must("id rivet-state && id rivet-library && id rivet-gateway")
            rivet.figures.add("package installed, upgraded, removed, purged", "as said", bound: "as said")
        }
    }
}
