import Foundation
import TestSupport
import Testing

extension UnderSystemd {
    /// The timer that writes metrics for prometheus-node-exporter.
    @Suite(.serialized) struct Metrics {
        private static let directory = "/var/lib/prometheus/node-exporter"
        private static let file = directory + "/rivet.prom"
        private static let stranger = "setpriv --reuid=stranger --regid=stranger --clear-groups"
        /// Twice the timer's interval, and time for a busy machine.
        private static let runLimit = Duration.seconds(60)

        /// Starts Rivet, with or without the directory that Debian's package makes, and stops the timer afterwards.
        private static func run(
            hasDirectory: Bool = true, _ body: (InstalledRivet) async throws -> Void
        ) async throws {
            let rivet = try UnderSystemd.rivet
            try await rivet.start()
            try await rivet.container.must(
                """
                id stranger >/dev/null 2>&1 || useradd --no-create-home stranger
                rm -rf \(directory)
                \(hasDirectory ? "install -d -m 755 \(directory)" : "true")
                """)
            let outcome: Result<Void, any Error>
            do { outcome = .success(try await body(rivet)) } catch { outcome = .failure(error) }
            try await rivet.container.must(
                "systemctl stop rivet-metrics.timer rivet-metrics.service; rm -rf \(directory)")
            try outcome.get()
        }

        private static func inode(_ rivet: InstalledRivet) async throws -> String {
            try await rivet.container.run("stat -c %i \(file)").output
        }

        @Test func `A machine without node-exporter: nothing is written, and nothing fails`() async throws {
            try await Self.run(hasDirectory: false) { rivet in
                try await rivet.container.must("systemctl start rivet-metrics.timer rivet-metrics.service")
                #expect(try await rivet.container.run("test -e /var/lib/prometheus/node-exporter").status != 0)
                #expect(try await rivet.container.run("systemctl is-failed rivet-metrics.service").status != 0)
            }
        }

        @Test func `The timer: writes a whole file for promtool, readable by others, and replaces it each time`()
            async throws
        {
            try await Self.run { rivet in
                #expect(
                    try await rivet.container.run("systemctl is-enabled rivet-metrics.timer").output == "disabled\n")
                try await rivet.container.must("systemctl enable --now rivet-metrics.timer")
                try await eventually("the first file", within: Self.runLimit) {
                    try await rivet.container.run("test -e \(Self.file)").status == 0
                }
                // A reader that reads it all the time never finds a part of it, and never finds it missing.
                try await rivet.container.must(
                    """
                    (while test ! -e /tmp/enough; do
                        \(Self.stranger) tail -n 1 \(Self.file) | grep -q '^rivet_metrics_timestamp_seconds ' || echo torn
                    done) >/tmp/torn 2>&1 &
                    """)
                let first = try await Self.inode(rivet)
                for _ in 0..<2 {
                    let before = try await Self.inode(rivet)
                    try await eventually("another file", within: Self.runLimit) {
                        try await Self.inode(rivet) != before
                    }
                }
                #expect(first != "")
                try await rivet.container.must("touch /tmp/enough")
                #expect(try await rivet.container.run("cat /tmp/torn; rm -f /tmp/enough /tmp/torn").output == "")
                #expect(
                    try await rivet.container.must("stat -c '%U %a' \(Self.file); ls -A \(Self.directory)")
                        == "root 644\nrivet.prom\n")
                let text = try await rivet.container.must("\(Self.stranger) cat \(Self.file)")
                for service in InstalledRivet.Service.allCases {
                    #expect(text.contains("rivet_up{service=\"\(service.unit)\"} 1\n"), "\(service)")
                }
                // This machine's promtool: the root of Debian 13 has few packages.
                let directory = try TestDirectory()
                let check = try ChildProcess(
                    "/bin/sh", arguments: ["-c", "promtool check metrics <'\(rivet.container.path(Self.file))'"],
                    environment: ["PATH": "/usr/bin:/bin"], log: "\(directory.path)/log")
                let status = await Container.blocking { check.wait() }
                let complaint = try String(contentsOfFile: "\(directory.path)/log", encoding: .utf8)
                #expect(status == 0 && complaint == "", "\(complaint)")
                rivet.figures.add(
                    "rivet-metrics.timer: files read by a stranger, promtool", "whole, clean", bound: "whole, clean")
                try await rivet.container.must("systemctl disable rivet-metrics.timer")
            }
        }

        @Test func `A stopped service: rivet_up 0, the others 1, and no failed unit`() async throws {
            try await Self.run { rivet in
                try await rivet.container.must(
                    "systemctl stop rivet-library.socket rivet-library.service rivet-gateway")
                try await rivet.container.must("systemctl start rivet-metrics.service")
                let text = try await rivet.container.must("cat \(Self.file)")
                #expect(text.contains("rivet_up{service=\"rivet-library\"} 0\n"))
                #expect(text.contains("rivet_up{service=\"rivet-state\"} 1\n"))
                try await rivet.start()
            }
        }

        /// The unit's root may only write to that directory.
        @Test func `The unit: sees no secret, logs nothing on success, and its exposure is bounded`()
            async throws
        {
            try await Self.run { rivet in
                let cursor = try await rivet.container.must(
                    "journalctl -n 0 --show-cursor --no-pager | sed 's/^-- cursor: //'")
                try await rivet.container.must("systemctl start rivet-metrics.service; journalctl --sync")
                let log = try await rivet.container.must(
                    "journalctl --no-pager -q -o cat --after-cursor='\(cursor.split(separator: "\n").last ?? "")' -u rivet-metrics"
                )
                #expect(log == "")

                let unit = "/etc/systemd/system/rivet-metrics.service.d/50-test.conf"
                try await rivet.container.must("mkdir -p \(unit.dropLast("/50-test.conf".count))")
                for (command, isAllowed) in [
                    ("/usr/bin/test -e /usr/bin/rivetctl", true), ("/usr/bin/test -S /run/rivet/state.sock", true),
                    ("/usr/bin/test -e /etc/credstore/rivet.telegram-bot-token", false),
                    ("/usr/bin/test -e /etc/rivet/rivet.env", false), ("/usr/bin/test -e /etc/shadow", false),
                    ("/usr/bin/test -e /var/lib/rivet-state", false), ("/usr/bin/touch /usr/bin/x", false),
                    ("/usr/bin/touch /run/rivet/x", false),
                    ("/usr/bin/touch \(Self.directory)/x.prom", true),
                ] {
                    try rivet.container.write("[Service]\nExecStart=\nExecStart=\(command)\n", to: unit)
                    // systemd allows five starts in ten seconds; it forgets the starts of a unit that it unloads.
                    try await rivet.container.must(
                        "systemctl daemon-reload; systemctl reset-failed rivet-metrics.service || :")
                    let outcome = try await rivet.container.run("systemctl start rivet-metrics.service")
                    #expect((outcome.status == 0) == isAllowed, "\(command): \(outcome.output)")
                }
                try await rivet.container.must(
                    "rm -r /etc/systemd/system/rivet-metrics.service.d; systemctl daemon-reload; systemctl reset-failed"
                )
                let exposure = try await rivet.container.must(
                    "systemd-analyze security --no-pager rivet-metrics | tail -n 1")
                let figure = try #require(exposure.firstMatch(of: /(\d+)\.(\d)/), "\(exposure)")
                let tenths = (Int(figure.1) ?? 99) * 10 + (Int(figure.2) ?? 0)
                #expect(tenths <= 7, "\(exposure)")
                rivet.figures.add("exposure: rivet-metrics", "\(figure.0)", bound: "0.7")
            }
        }
    }
}
