import Contracts
import Foundation
import Glibc
import TelegramSimulator
import TestSupport
import Testing

extension UnderSystemd {
    /// Services that are restarted, killed and stopped while people talk to the bot.
    @Suite(.serialized) struct Restarts {
        /// The number of rounds: `RIVET_RESTARTS`, or fifty.
        static let rounds = ProcessInfo.processInfo.environment["RIVET_RESTARTS"].flatMap { Int($0) } ?? 50

        private static let attemptsMax = 3

        enum Way: String, CaseIterable, Sendable { case restart = "systemctl restart", kill = "kill -9" }

        /// Other work on the machine only makes waits longer: one run within the bound shows that it can be met. No run
        /// may lose a machine or refuse a connection.
        @Test(arguments: InstalledRivet.Service.allCases, Way.allCases)
        func `A service restarted or killed many times: no one waits past the bound, nothing is lost`(
            _ service: InstalledRivet.Service, _ way: Way
        ) async throws {
            let rivet = try UnderSystemd.rivet
            try await rivet.start()
            var longest = Duration.seconds(1_000)
            for attempt in 1...Self.attemptsMax where longest > UnderSystemd.waitMax {
                longest = try await disturb(service, way, rivet, from: Self.people(service, way, attempt))
            }
            #expect(longest <= UnderSystemd.waitMax)
        }

        /// - Parameter first: the ID of the first person who talks.
        /// - Returns: the longest wait of a person.
        private func disturb(
            _ service: InstalledRivet.Service, _ way: Way, _ rivet: InstalledRivet, from first: Int64
        ) async throws -> Duration {
            let others = InstalledRivet.Service.allCases.filter { $0 != service }.map { ($0, rivet.process($0)) }
            let chatter = Chatter(rivet.telegram, from: first)
            let probed = try await SocketProber.probe(rivet) {
                try await chatter.talk {
                    try await chatter.goOn()
                    _ = chatter.takeLongestWait()
                    for _ in 0..<Self.rounds {
                        let old = try #require(rivet.process(service))
                        switch way {
                        case .restart: try await rivet.container.must("systemctl restart \(service.unit)")
                        case .kill: _ = Glibc.kill(old, SIGKILL)
                        }
                        try await rivet.waitForSuccessor(of: old, service)
                        try await chatter.goOn()
                    }
                }
            }
            let longest = chatter.takeLongestWait()
            try await chatter.check(rivet)
            #expect(probed.refused == 0)
            for (other, process) in others { #expect(rivet.process(other) == process, "\(other) was replaced, too") }
            rivet.figures.add(
                "\(Self.rounds) times \(way.rawValue) \(service.unit): longest wait of \(chatter.replies) replies",
                longest.inSeconds, bound: "1.5 s")
            rivet.figures.add(
                "   machines told and kept; connections refused of \(probed.calls)",
                "\(chatter.machines); \(probed.refused)", bound: "all; 0")
            return longest
        }

        /// The watchdog replaces a process that stands still, and no other.
        @Test(arguments: InstalledRivet.Service.allCases)
        func `A service that stands still: replaced by the watchdog`(_ service: InstalledRivet.Service) async throws {
            let patience = 4
            let rivet = try UnderSystemd.rivet
            try await rivet.start()
            try await rivet.with(dropIn: "[Service]\nWatchdogSec=\(patience)s\n") {
                try await rivet.container.must("systemctl restart rivet-state rivet-library rivet-gateway")
                try await rivet.telegram.waitForPoll()
                let all = InstalledRivet.Service.allCases.map { ($0, rivet.process($0)) }
                let old = try #require(rivet.process(service))
                let chatter = Chatter(rivet.telegram, from: Self.people(service, nil))
                try await chatter.talk {
                    try await chatter.goOn()
                    let begun = ContinuousClock.now
                    #expect(Glibc.kill(old, SIGSTOP) == 0)
                    try await eventually("another \(service.unit)", within: .seconds(3 * patience)) {
                        rivet.process(service).map { $0 != old } ?? false
                    }
                    let time = ContinuousClock.now - begun
                    #expect(time <= .milliseconds(1_500 * patience))
                    rivet.figures.add(
                        "SIGSTOP of \(service.unit) to its successor", time.inSeconds, bound: "\(patience) s × 1.5")
                    try await chatter.goOn()
                }
                try await chatter.check(rivet)
                for (other, process) in all where other != service { #expect(rivet.process(other) == process) }
            }
            try await rivet.container.must("systemctl restart rivet-state rivet-library rivet-gateway")
        }

        /// The disk accepts no writes, and no remote database is configured.
        @Test func `Answers that only memory has: survive the process`() async throws {
            let rivet = try UnderSystemd.rivet
            try await rivet.start()
            let disk = "/var/lib/rivet-state"
            try await rivet.stop()
            try await rivet.container.must(
                "mount -t tmpfs -o size=2M,mode=0700,uid=rivet-state,gid=rivet tmpfs \(disk)")
            try await rivet.start()
            let ada = await rivet.telegram.user(77)
            _ = try await ada.ask("/addmachine")
            try await rivet.container.must("head -c 4M /dev/zero >\(disk)/filler || true")
            try await Self.fillUp(rivet)
            var outlived = 0
            for (answer, way) in [
                ("Pump", "kill"), ("Siemens", "systemctl restart rivet-state"),
                ("3RQ2000", "systemctl stop rivet-state && systemctl start rivet-state"),
            ] {
                try await ada.send(answer)
                let reply = try await ada.nextMessage(containing: answer, timeout: .seconds(20))
                #expect(reply.text.contains("held in memory only"), "\(reply.text)")
                #expect(try await rivet.conversation(of: 77)?["stored_in"] == ["memory"])
                let old = try #require(rivet.process(.state))
                if way == "kill" { _ = Glibc.kill(old, SIGKILL) } else { try await rivet.container.must(way) }
                try await rivet.waitForSuccessor(of: old, .state)
                let state = try #require(try await rivet.conversation(of: 77), "lost by \(way)")
                #expect(state["stored_in"] == ["memory"])
                outlived += 1
            }
            #expect(try await rivet.conversation(of: 77)?["data"]?["model_number"] == "3RQ2000")
            try await rivet.container.must("rm \(disk)/filler")
            try await rivet.telegram.waitUntilAllConfirmed(timeout: .seconds(60))
            for answer in ["SN1", "Hall 3"] {
                try await ada.send(answer)
                _ = try await ada.nextMessage(containing: answer, timeout: .seconds(20))
            }
            try await ada.send("none")
            _ = try await ada.nextMessage(containing: "Saved to Library", timeout: .seconds(20))
            #expect(try await rivet.machineCount(of: 77) == 1)
            rivet.figures.add(
                "no durable tier: kill -9, restart, stop and start that answers outlived", "\(outlived)", bound: "3")
            try await rivet.stop()
            try await rivet.container.must("umount \(disk)")
        }

        /// Uses up the free space inside the files, until a save is in memory only.
        private static func fillUp(_ rivet: InstalledRivet) async throws {
            for number in 0..<2_000 {
                let saved = try await rivet.call(
                    .state, "state.save",
                    [
                        "user_id": "filler", "chat_id": "filler", "step": .string("s\(number)"),
                        "data": ["x": .string(String(repeating: "x", count: 4_000))],
                    ])
                if saved["durable"] == false { return }
            }
            throw Container.Failure(description: "the disk takes everything")
        }

        /// The ID of the first person; the people talk in only one test.
        private static func people(
            _ service: InstalledRivet.Service, _ way: Way?, _ attempt: Int = 0
        ) -> Int64 {
            let services = InstalledRivet.Service.allCases.firstIndex(of: service) ?? 0
            let ways = way.flatMap { Way.allCases.firstIndex(of: $0) } ?? Way.allCases.count
            return Int64(1_000 * (1 + attempt) + 100 * (ways * 3 + services))
        }
    }
}
