import Foundation
import ServiceKit
import TestSupport
import Testing

extension UnderSystemd {
    /// systemd's own parser of settings files against ours.
    @Suite(.serialized) struct SettingsFiles {
        private static let filesCount = 600

        @Test func `A settings file: means what it means to systemd 252`() async throws {
            try await compare(with: SystemdOracle(container: try UnderSystemd.rivet.container)) { $0.systemd252 }
        }

        @Test func `A settings file: means what it means to systemd 257`() async throws {
            let container = try await Container(base: try await Self.debian13())
            let outcome: Result<Void, any Error>
            do {
                outcome = .success(try await compare(with: SystemdOracle(container: container)) { $0.systemd257 })
            } catch { outcome = .failure(error) }
            try await container.end()
            try outcome.get()
        }

        private func compare(
            with oracle: SystemdOracle, _ recorded: (EnvironmentFileCase) -> EnvironmentFileCase.Outcome
        ) async throws {
            let number = try await oracle.version()
            #expect(SystemdVersion.running(below: oracle.container.path("")) == SystemdVersion(number))
            var grammar = EnvironmentFileGrammar(SeededGenerator("settings files, systemd \(number)"))
            let cases = EnvironmentFileCase.recorded
            let files = cases.map(\.file) + (0..<Self.filesCount).map { _ in grammar.file() }
            let expected = try await oracle.variables(of: files)
            var differences = 0
            for (file, expected) in zip(files, expected) {
                let own = try? EnvironmentFile(file, systemd: SystemdVersion(number)).variables
                guard own != expected else { continue }
                differences += 1
                Issue.record("\(Self.text(file)): systemd \(expected as Any), own \(own as Any)")
            }
            for (known, expected) in zip(cases, expected) {
                switch recorded(known) {
                case .variables(let variables): #expect(variables == expected, "\(known)")
                case .refused: #expect(expected == nil, "\(known)")
                }
            }
            // With "-", as in Rivet's units, a refused file is left out as a whole, and the process is started.
            let refused = zip(files, expected).filter { $0.1 == nil }.map(\.0)
            #expect(refused.count > 50)
            let optional = try await oracle.variables(of: refused, isOptional: true)
            #expect(optional.allSatisfy { $0 == [:] })
            let rivet = try UnderSystemd.rivet
            rivet.figures.add(
                "settings files that systemd \(number) and Rivet read differently, of \(files.count)", "\(differences)",
                bound: "0")
        }

        /// The root of a Debian 13, which is made if there is none.
        private static func debian13() async throws -> String {
            let directory = try TestDirectory()
            let log = directory.path + "/trixie.log"
            let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path + "/../Scripts/trixie.sh"
            let process = try ChildProcess(script, environment: ProcessInfo.processInfo.environment, log: log)
            let status = await Container.blocking { process.wait() }
            let output = try String(contentsOfFile: log, encoding: .utf8)
            guard status == 0, let path = output.split(separator: "\n").last else {
                throw Container.Failure(description: "trixie.sh: \(output.suffix(3_000))")
            }
            return String(path)
        }

        private static func text(_ bytes: [UInt8]) -> String {
            bytes.map { byte in
                (0x20...0x7E).contains(byte) ? String(UnicodeScalar(byte)) : "\\x" + String(byte, radix: 16)
            }.joined()
        }
    }
}
