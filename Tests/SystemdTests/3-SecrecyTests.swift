import Contracts
import Foundation
import Glibc
import TelegramSimulator
import TestSupport
import Testing

extension UnderSystemd {
    /// Users who are neither a service nor an operator can find out nothing.
    @Suite(.serialized) struct Secrecy {
        private static let stranger = "setpriv --reuid=stranger --regid=stranger --clear-groups"

        private static func start() async throws -> InstalledRivet {
            let rivet = try UnderSystemd.rivet
            try await rivet.start()
            try await rivet.container.must("id stranger >/dev/null 2>&1 || useradd --no-create-home stranger")
            return rivet
        }

        @Test func `Files: unreadable to strangers and to other services`() async throws {
            let rivet = try await Self.start()
            let files = [
                "/var/lib/rivet-state/state.db", "/var/lib/rivet-library/library.db",
                "/run/credentials/rivet-gateway.service/telegram-bot-token", "/etc/credstore/rivet.telegram-bot-token",
                "/etc/rivet/rivet.env", "/run/rivet-state/state.journal.begun", "/var/lib/rivet-gateway/gateway.heard",
            ]
            try await eventually("it is noted that Telegram was heard from") {
                try await rivet.container.run("test -e \(files[files.count - 1])").status == 0
            }
            for file in files {
                try await rivet.container.must("test -r \(file)")
                let users = file.contains("credstore") ? ["rivet-gateway"] : []
                for user in ["stranger"] + users {
                    let read = try await rivet.container.run(
                        "setpriv --reuid=\(user) --regid=\(user) --init-groups cat \(file)")
                    #expect(read.status != 0 && read.output.contains("Permission denied"), "\(user): \(read.output)")
                }
            }
            // A service cannot read the files of another service either.
            for (user, file) in [("rivet-library", files[0]), ("rivet-state", files[1]), ("rivet-state", files[2])] {
                let read = try await rivet.container.run(
                    "setpriv --reuid=\(user) --regid=rivet --clear-groups cat \(file)")
                #expect(read.status != 0 && read.output.contains("Permission denied"), "\(user): \(read.output)")
            }
        }

        /// The socket's mode refuses strangers; with a wider mode the service refuses them, and reads none of their
        /// bytes.
        @Test func `Sockets: closed to strangers`() async throws {
            let rivet = try await Self.start()
            for service in InstalledRivet.Service.allCases {
                let path = "/run/rivet/\(service.rawValue).sock"
                let refused = try await rivet.container.run(Self.call(path, as: Self.stranger))
                #expect(refused.output.contains("connect: Permission denied"), "\(refused.output)")
                try await rivet.container.must("chmod 0666 \(path); chmod o+x /run/rivet")
                let closed = try await rivet.container.run(Self.call(path, as: Self.stranger))
                try await rivet.container.must("chmod 0660 \(path); chmod o-x /run/rivet")
                #expect(closed.output == "closed unread\n", "\(service): \(closed.output)")
                let member = "setpriv --reuid=stranger --regid=rivet --clear-groups"
                let answered = try await rivet.container.run(Self.call(path, as: member))
                #expect(answered.output.contains("\"result\""), "\(service): \(answered.output)")
            }
        }

        @Test func `The token: visible nowhere`() async throws {
            let rivet = try await Self.start()
            let ada = await rivet.telegram.user(88)
            _ = try await ada.ask("/start")
            let token = rivet.telegram.token
            let secret = token.split(separator: ":").last.map(String.init) ?? token
            try await rivet.container.must("journalctl --sync; systemctl show 'rivet*' >/tmp/seen")
            try await rivet.container.must(
                """
                journalctl --no-pager -o export >>/tmp/seen
                cat /proc/[0-9]*/cmdline >>/tmp/seen
                systemctl status --no-pager 'rivet*' >>/tmp/seen
                rivetctl health >>/tmp/seen
                """)
            #expect(try await rivet.container.run("grep -a -F -c '\(secret)' /tmp/seen").output == "0\n")
            let gateway = "$(systemctl show -p MainPID --value rivet-gateway)"
            let environment = try await rivet.container.run("\(Self.stranger) cat /proc/\(gateway)/environ")
            #expect(environment.output.contains("Permission denied"), "\(environment.output)")
            #expect(try await rivet.container.run("grep -a -F -c '\(secret)' /proc/\(gateway)/environ").output == "0\n")
            // It is not visible either when Telegram is unavailable and every call fails.
            try await rivet.container.must(
                "sed -i 's/^TELEGRAM_API_URL=.*/TELEGRAM_API_URL=http:\\/\\/127.0.0.1:1/' /etc/rivet/rivet.env")
            try await rivet.container.must("systemctl restart rivet-gateway; rivetctl health >/tmp/seen; true")
            try await eventually("the gateway says that Telegram is away") {
                try await rivet.container.run("journalctl -u rivet-gateway | grep -c 'cannot be reached'").output
                    != "0\n"
            }
            try await rivet.container.must("journalctl --no-pager -o export >>/tmp/seen")
            #expect(try await rivet.container.run("grep -a -F -c '\(secret)' /tmp/seen").output == "0\n")
            try await rivet.install()
            try await rivet.container.must("systemctl restart rivet-gateway")
        }

        /// A client in Perl, which every Debian has: connects, calls health, and prints the outcome.
        private static func call(_ path: String, as user: String) -> String {
            """
            \(user) perl -e '
                use Socket;
                socket(my $s, AF_UNIX, SOCK_STREAM, 0) or die;
                connect($s, pack_sockaddr_un($ARGV[0])) or print("connect: $!\\n"), exit;
                my $ask = q({"jsonrpc":"2.0","id":1,"method":"service.health"});
                $SIG{PIPE} = "IGNORE";
                syswrite($s, pack("N", length $ask) . $ask);
                my $got = sysread($s, my $answer, 65536);
                print $got ? "$answer\\n" : "closed unread\\n";
            ' \(path)
            """
        }
    }
}
