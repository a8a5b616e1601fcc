import Foundation
import ServiceKit
import TestSupport
import Testing

extension UnderSystemd {
    /// systemd's parser of settings files compared with Rivet's.
    @Suite(.serialized) struct SettingsFiles {
        private static let filesCount = 600

        /// Version 252 on Debian 12 and 257 on Debian 13, which differ.
        @Test func `A settings file: read as the running systemd reads it`() async throws {
            let oracle = SystemdOracle(container: try UnderSystemd.rivet.container)
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
                switch number >= 257 ? known.systemd257 : known.systemd252 {
                case .variables(let variables): #expect(variables == expected, "\(known)")
                case .refused: #expect(expected == nil, "\(known)")
                }
            }
            // With "-", as in Rivet's units, systemd ignores a refused file completely, and starts the process.
            let refused = zip(files, expected).filter { $0.1 == nil }.map(\.0)
            // How many generated files are refused is random; some of the recorded ones are, in every version.
            #expect(!refused.isEmpty)
            let optional = try await oracle.variables(of: refused, isOptional: true)
            #expect(optional.allSatisfy { $0 == [:] })
            let rivet = try UnderSystemd.rivet
            rivet.figures.add(
                "settings files that systemd \(number) and Rivet read differently, of \(files.count)", "\(differences)",
                bound: "0")
        }

        private static func text(_ bytes: [UInt8]) -> String {
            bytes.map { byte in
                (0x20...0x7E).contains(byte) ? String(UnicodeScalar(byte)) : "\\x" + String(byte, radix: 16)
            }.joined()
        }
    }
}
