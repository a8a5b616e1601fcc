import Contracts
import TelegramSimulator
import TestSupport
import Testing

extension UnderSystemd {
    /// `rivetctl backup` and `rivetctl restore` on an installed system.
    @Suite(.serialized) struct Backups {
        /// How a host loses its data.
        enum Loss: String, CaseIterable, Sendable {
            case directories = "rm -rf /var/lib/rivet-state /var/lib/rivet-library"
            case purge = "dpkg -P rivet"
        }

        @Test(arguments: Loss.allCases)
        func `A host that lost its data: continues from a backup, in the middle of a conversation`(
            _ loss: Loss
        ) async throws {
            let rivet = try UnderSystemd.rivet
            try await rivet.start()
            let user: Int64 = loss == .purge ? 311 : 310
            let ada = await rivet.telegram.user(user)
            _ = try await ada.ask("/addmachine")
            try await ada.send("Pump")
            _ = try await ada.nextMessage(containing: "Enter the manufacturer", timeout: .seconds(20))
            // Other people talk to the bot during the backup.
            let others = (user * 100)..<(user * 100 + 6)
            let chatter = Chatter(rivet.telegram, people: others.count, from: others.lowerBound)
            let backup = "/var/backups/rivet-\(loss)"
            var before = 0
            try await chatter.talk {
                while chatter.machines == 0 { try await chatter.goOn() }
                before = chatter.machines
                try await rivet.container.must("rivetctl backup \(backup)")
                try await chatter.goOn()
            }
            let refused = try await rivet.container.run("rivetctl restore \(backup)")
            #expect(refused.status == 1 && refused.output.contains("is active. Stop all of Rivet first: "))
            // The command that the refusal names.
            let command = try #require(refused.output.split(separator: "first: ").last)
            try await rivet.container.must(String(command))
            #expect(InstalledRivet.Service.allCases.allSatisfy { rivet.process($0) == nil })
            try await rivet.container.must(loss.rawValue)
            try await rivet.install()
            let restored = try await rivet.container.must("rivetctl restore \(backup)")
            #expect(restored.contains("start them: systemctl start rivet.target"))
            for (service, file) in [("rivet-state", "state.db"), ("rivet-library", "library.db")] {
                let owners = try await rivet.container.must(
                    "stat -c '%U:%G %a' /var/lib/\(service) /var/lib/\(service)/\(file)")
                #expect(owners == "\(service):rivet 700\n\(service):rivet 600\n")
            }
            try await rivet.start()
            #expect(try await rivet.conversation(of: user)?["step"] == "manufacturer")
            var kept: Int64 = 0
            for other in others { kept += try await rivet.machineCount(of: other) ?? 0 }
            #expect(kept >= Int64(before))
            try await ada.send("Siemens")
            _ = try await ada.nextMessage(containing: "Siemens", timeout: .seconds(20))
            let health = try await rivet.container.run("rivetctl health")
            #expect(health.status == 0, "\(health.output)")
            rivet.figures.add("backup, then \(loss.rawValue), restored at its step", "yes", bound: "yes")
        }
    }
}
