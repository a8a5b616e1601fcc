import Contracts
import Foundation
import TelegramSimulator
import TestSupport
import Testing

extension UnderSystemd {
    /// Updates by webhook, with the installed units and the real nginx, set up as README.md describes. nginx has no TLS
    /// here: it listens on a Unix socket, to which the simulated Telegram connects.
    @Suite(.serialized) struct Webhook {
        private static let url = "https://bot.example.org/telegram"
        /// The socket in place of a port with TLS.
        private static let proxySocket = "/run/nginx-rivet.sock"

        /// nginx's workers run as `www-data`, which belongs to no group of Rivet.
        @Test func `A webhook through nginx: requests wait at the socket while the gateway restarts`() async throws {
            let rivet = try UnderSystemd.rivet
            try await rivet.start()
            try await Self.withWebhook(rivet) {
                try await rivet.telegram.waitForWebhook(Self.url, timeout: .seconds(20))
                let ada = await rivet.telegram.user(77)
                _ = try await ada.ask("/help")
                for _ in 0..<3 {
                    let old = try #require(rivet.process(.gateway))
                    async let restarted = rivet.container.must("systemctl restart rivet-gateway")
                    for _ in 0..<10 { _ = try await ada.ask("/library", timeout: .seconds(20)) }
                    _ = try await restarted
                    try await rivet.waitForSuccessor(of: old, .gateway)
                }
                try await rivet.telegram.waitUntilAllConfirmed()
                let failures = await rivet.telegram.failedWebhookDeliveries
                #expect(failures.keys.allSatisfy { $0.contains("503") }, "\(failures)")
                #expect(await rivet.telegram.requests("setWebhook") == 1)
                // A process that starts hears of the 503 of the one before, and asks again after three seconds.
                try await eventually("health is ok") {
                    try await rivet.container.run("rivetctl health").status == 0
                }
                let shown = try await rivet.container.must("rivetctl webhook show")
                #expect(shown.contains("(the one in RIVET_WEBHOOK_URL)"), "\(shown)")
                let doctor = try await rivet.container.run("rivetctl doctor").output
                #expect(doctor.contains("Telegram delivers to https://bot.example.org/…"), "\(doctor)")
                let mode = try await rivet.container.must("stat -c '%a %U %G' /run/rivet/webhook.sock")
                #expect(mode == "660 root www-data\n")
                // The other sockets stay out of reach.
                let refused = try await rivet.container.run(
                    "setpriv --reuid=www-data --regid=www-data --clear-groups "
                        + "curl -sS --unix-socket /run/rivet/state.sock http://x/")
                #expect(refused.output.contains("Couldn't connect") || refused.status == 7, "\(refused)")
            }
            try await rivet.telegram.waitForPoll(timeout: .seconds(60))
            #expect(try await rivet.container.run("systemctl is-active rivet-webhook.socket").output == "inactive\n")
            let ada = await rivet.telegram.user(77)
            await rivet.telegram.skipBotMessages(in: 77)
            _ = try await ada.ask("/help")
            #expect(await rivet.telegram.droppedPending == 0)
        }

        /// A drop-in may change the socket's address to another one of this machine.
        @Test func `A socket on a loopback address: served, and on a reachable address the start ends with 78`()
            async throws
        {
            let rivet = try UnderSystemd.rivet
            try await rivet.start()
            try await Self.withWebhook(rivet) {
                try await Self.listen(on: "127.0.0.1:8089", rivet)
                try await rivet.container.must("systemctl start rivet-gateway")
                let status = "curl -s -o /dev/null -w '%{http_code}' -d x http://127.0.0.1:8089/telegram"
                #expect(try await rivet.container.must(status) == "401")
                try await Self.listen(on: "0.0.0.0:8089", rivet)
                _ = try await rivet.container.run("systemctl start rivet-gateway")
                let code = try await rivet.container.must("systemctl show -P ExecMainStatus rivet-gateway")
                #expect(code == "78\n")
                let log = try await rivet.container.must(
                    "journalctl --sync; journalctl --no-pager -o cat -n 20 -u rivet-gateway")
                #expect(log.contains("rivet-webhook.socket: its ListenStream="), "\(log)")
                try await rivet.container.must(
                    """
                    rm -r /etc/systemd/system/rivet-webhook.socket.d; systemctl daemon-reload
                    systemctl stop rivet-webhook.socket; systemctl start rivet-webhook.socket rivet-gateway
                    """)
            }
            try await rivet.telegram.waitForPoll(timeout: .seconds(60))
        }

        /// Stops the gateway, and lets the socket listen on `address`.
        private static func listen(on address: String, _ rivet: InstalledRivet) async throws {
            try await rivet.container.must(
                """
                install -d /etc/systemd/system/rivet-webhook.socket.d
                printf '[Socket]\nListenStream=\nListenStream=\(address)\n' \
                    >/etc/systemd/system/rivet-webhook.socket.d/place.conf
                systemctl daemon-reload
                systemctl stop rivet-gateway rivet-webhook.socket
                systemctl start rivet-webhook.socket
                """)
        }

        /// Sets the webhook up during `body`, and removes it afterwards, as README.md describes.
        private static func withWebhook(_ rivet: InstalledRivet, _ body: () async throws -> Void) async throws {
            await rivet.telegram.deliverWebhook(over: .unixSocket(rivet.container.path(proxySocket)))
            try await rivet.container.must(
                """
                sed -e 's|listen 443 ssl|listen unix:\(proxySocket)|' -e /ssl_certificate/d \
                    /usr/share/rivet/nginx.conf >/etc/nginx/sites-available/rivet
                ln -sf ../sites-available/rivet /etc/nginx/sites-enabled/
                rm -f /etc/nginx/sites-enabled/default
                nginx -t && systemctl start nginx
                cp -p /etc/rivet/rivet.env /var/tmp/rivet.env
                echo RIVET_WEBHOOK_URL=\(url) >>/etc/rivet/rivet.env
                (umask 077 && openssl rand -hex 32 >/etc/credstore/rivet.webhook-secret)
                systemctl enable rivet-webhook.socket
                systemctl stop rivet-gateway
                systemctl start rivet-webhook.socket rivet-gateway
                """)
            let outcome: Result<Void, any Error>
            do { outcome = .success(try await body()) } catch { outcome = .failure(error) }
            try await rivet.container.must(
                """
                cp -p /var/tmp/rivet.env /etc/rivet/rivet.env
                systemctl disable --now rivet-webhook.socket
                systemctl restart rivet-gateway
                rivetctl webhook delete
                rm /etc/credstore/rivet.webhook-secret /etc/nginx/sites-enabled/rivet /etc/nginx/sites-available/rivet
                systemctl stop nginx
                """)
            try outcome.get()
        }
    }
}
