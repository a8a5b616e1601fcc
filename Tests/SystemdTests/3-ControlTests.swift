import Contracts
import Foundation
import TelegramSimulator
import TestSupport
import Testing

extension UnderSystemd {
    /// `rivetctl` on an installed system, without any variable set: as root, as a member of the group, as a stranger.
    @Suite(.serialized) struct Control {
        private static let member = "setpriv --reuid=stranger --regid=rivet --clear-groups"
        private static let stranger = "setpriv --reuid=stranger --regid=stranger --clear-groups"

        /// Starts the services again, so that no count of restarts remains from other tests.
        private static func start() async throws -> InstalledRivet {
            let rivet = try UnderSystemd.rivet
            try await rivet.install()
            try await rivet.stop()
            try await rivet.start()
            try await rivet.container.must("id stranger >/dev/null 2>&1 || useradd --no-create-home stranger")
            try await eventually("the services are well") {
                try await rivet.container.run("rivetctl health").status == 0
            }
            return rivet
        }

        /// The findings, as `subject level: text -> next step`.
        private static func doctor(_ rivet: InstalledRivet, _ prefix: String = "") async throws -> [String] {
            let output = try await rivet.container.run("\(prefix) rivetctl doctor --json").output
            let json = try JSONValue(parsing: output.split(separator: "\n").last.map(String.init) ?? "")
            return (json["findings"]?.arrayValue ?? []).map { finding in
                let words = ["subject", "level", "finding", "next_step"].map { finding[$0]?.stringValue ?? "" }
                return "\(words[0]) \(words[1]): \(words[2]) -> \(words[3])"
            }
        }

        /// The disk of a test's container may be slow or small, which is not Rivet's fault.
        private static func isTrouble(_ finding: String) -> Bool {
            let isOfDisk = finding.contains(" is slow: ") || finding.contains(" MiB are free at ")
            return (finding.contains(" failure: ") || finding.contains(" warning: ")) && !isOfDisk
        }

        @Test func `doctor: no failure on a sound system, for any user`() async throws {
            let rivet = try await Self.start()
            let asRoot = try await Self.doctor(rivet)
            #expect(!asRoot.contains(where: Self.isTrouble), "\(asRoot)")
            #expect(asRoot.contains { $0.hasPrefix("token ok: Telegram accepts it") }, "\(asRoot)")
            // The simulator sends no date.
            #expect(asRoot.filter { $0.contains(" skipped: ") }.allSatisfy { $0.hasPrefix("clock ") }, "\(asRoot)")
            let asMember = try await Self.doctor(rivet, Self.member)
            #expect(!asMember.contains(where: Self.isTrouble), "\(asMember)")
            #expect(asMember.contains { $0.hasPrefix("settings ok: they come from /etc/rivet/rivet.env") })
            #expect(asMember.contains { $0.hasPrefix("rivet-gateway ok: ") }, "\(asMember)")
            for subject in ["token", "databases", "disk"] {
                #expect(asMember.contains { $0.hasPrefix("\(subject) skipped: ") }, "\(subject): \(asMember)")
            }
            let asStranger = try await Self.doctor(rivet, Self.stranger)
            #expect(!asStranger.contains(where: Self.isTrouble), "\(asStranger)")
            #expect(!asStranger.contains { $0.hasPrefix("settings ok") }, "\(asStranger)")
            for subject in ["settings", "token", "databases", "rivet-state", "rivet-library", "rivet-gateway"] {
                #expect(asStranger.contains { $0.hasPrefix("\(subject) skipped: ") }, "\(subject): \(asStranger)")
            }
            let health = try await rivet.container.run("\(Self.stranger) rivetctl health")
            #expect(health.status == 2 && health.output.contains(" not asked "), "\(health.output)")
            let verify = try await rivet.container.run("\(Self.member) rivetctl verify")
            #expect(verify.status == 1 && verify.output.contains("Use sudo"), "\(verify.output)")
        }

        /// The token is in the store; a service that does not start has not loaded it.
        @Test func `doctor: finds the token also while another setting keeps the gateway from starting`() async throws {
            let rivet = try await Self.start()
            try await rivet.container.must(
                "systemctl stop rivet-gateway; echo RIVET_LOG_LEVEL=loud >>/etc/rivet/rivet.env")
            let findings = try await Self.doctor(rivet)
            #expect(findings.contains { $0.hasPrefix("settings failure: RIVET_LOG_LEVEL") }, "\(findings)")
            #expect(findings.contains { $0.hasPrefix("token ok: ") }, "\(findings)")
            try await rivet.install()
        }

        @Test(.enabled(if: PostgresCluster.isInstalled, "PostgreSQL is not installed"))
        func `A database: configured, linked, migrated and verified with nothing but rivetctl`() async throws {
            let rivet = try await Self.start()
            let url = try await Self.startPostgres(rivet)
            let none = try await rivet.container.run("rivetctl verify")
            #expect(none.status == 78 && none.output.contains("/etc/rivet/rivet.env"), "\(none.output)")
            try await rivet.container.must("echo 'NEON_DATABASE_URL=\(url)' >>/etc/rivet/rivet.env")
            let migrated = try await rivet.container.run("rivetctl migrate --tier neon --json")
            #expect(migrated.status == 0 && migrated.output.hasPrefix("{"), "\(migrated.output)")

            // The command that doctor prints, used literally, lets the services reach it.
            try await rivet.container.must("systemctl restart rivet-state rivet-library")
            let findings = try await Self.doctor(rivet)
            for service in ["rivet-state", "rivet-library"] {
                let finding = try #require(
                    findings.first { $0.hasPrefix("\(service).service failure: it may not use the network") },
                    "\(findings)")
                try await rivet.container.must(String(finding.split(separator: " -> ")[1]))
            }
            try await eventually("the tiers are up") {
                try await rivet.container.run("rivetctl tiers").status == 0
            }
            #expect(!(try await Self.doctor(rivet)).contains(where: Self.isTrouble))
            let verified = try await rivet.container.run("rivetctl verify")
            #expect(verified.status == 0 && verified.output.contains("neon"), "\(verified.output)")

            // The same URL as a credential, for running and for stopped services; and encrypted.
            try await rivet.install()
            try rivet.container.write(url + "\n", to: "/etc/credstore/rivet.neon-database-url")
            try await rivet.container.must("systemctl restart rivet-state rivet-library")
            for preparation in [
                "true",
                "systemctl stop rivet-gateway rivet-state.socket rivet-library.socket rivet-state rivet-library",
                """
                install -d -m 700 /etc/credstore.encrypted
                systemd-creds encrypt --with-key=host --name=neon-database-url \
                    /etc/credstore/rivet.neon-database-url /etc/credstore.encrypted/rivet.neon-database-url
                rm /etc/credstore/rivet.neon-database-url
                """,
            ] {
                try await rivet.container.must(preparation)
                let run = try await rivet.container.run("rivetctl verify")
                #expect(run.status == 0 && run.output.contains("neon"), "\(preparation): \(run.output)")
                #expect(!run.output.contains("hush"))
            }
            let local = try await rivet.container.run("rivetctl migrate --all")
            #expect(
                local.status == 0 && local.output.contains("/var/lib/rivet-library/library.db: up to date"),
                "\(local.output)")
            try await rivet.container.must(
                """
                rm -f /etc/credstore.encrypted/rivet.neon-database-url
                rm -f /etc/systemd/system/rivet-*.service.d/remote-tiers.conf; systemctl daemon-reload
                setpriv --reuid=postgres --regid=postgres --clear-groups \
                    $(ls -d /usr/lib/postgresql/*/bin | tail -n 1)/pg_ctl -D /var/tmp/postgres -m fast stop
                """)
        }

        /// A server in the container, on its loopback interface.
        /// - Returns: the URL, with a password.
        private static func startPostgres(_ rivet: InstalledRivet) async throws -> String {
            try await rivet.container.must(
                """
                bin=$(ls -d /usr/lib/postgresql/*/bin | tail -n 1)
                as_postgres='setpriv --reuid=postgres --regid=postgres --clear-groups'
                install -d -m 700 -o postgres /var/tmp/postgres
                echo hush >/var/tmp/postgres-password; chmod 644 /var/tmp/postgres-password
                $as_postgres $bin/initdb -D /var/tmp/postgres --username=rivet --pwfile=/var/tmp/postgres-password \
                    --no-sync --auth=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8 >/dev/null
                $as_postgres $bin/pg_ctl -D /var/tmp/postgres -w -l /var/tmp/postgres/log \
                    -o '-c listen_addresses=127.0.0.1 -c port=54329 -c unix_socket_directories=/var/tmp/postgres' start >/dev/null
                """)
            return "postgresql://rivet:hush@127.0.0.1:54329/postgres?sslmode=disable"
        }
    }
}
