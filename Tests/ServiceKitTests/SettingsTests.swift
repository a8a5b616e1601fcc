import Logging
import ServiceKit
import Testing

@Suite struct SettingsTests {
    private enum Durability: String, CaseIterable { case remote, local }

    @Test func `A setting that is not set: has its default`() throws {
        for settings in [nil, "", " ", "\r\n"].map({ Settings(variables: ["X": $0].compactMapValues(\.self)) }) {
            #expect(settings.string("X") == nil)
            #expect(try settings.duration("X", default: .seconds(7)) == .seconds(7))
            #expect(try settings.bytes("X", default: 7) == 7)
            #expect(try settings.choice("X", default: Durability.remote) == .remote)
            #expect(try settings.secret("X", credential: "x") == nil)
        }
    }

    @Test(arguments: [
        ("750ms", Duration.milliseconds(750)), ("30s", .seconds(30)), ("15m", .seconds(900)), ("24h", .seconds(86_400)),
        ("1.5s", .milliseconds(1_500)), (".5s", .milliseconds(500)), ("1ms", .milliseconds(1)),
        ("87600h", .seconds(315_360_000)), ("0.4999s", .milliseconds(500)),
    ])
    func `A duration: a number with a unit`(_ text: String, _ duration: Duration) throws {
        #expect(try Settings(variables: ["X": text]).duration("X", default: .zero) == duration)
    }

    @Test(arguments: [
        "30", "s", "ms", "0s", "0.5ms", "-5s", "+5s", "1e3s", "5S", "5 s", "5d", "5msms", "1.2.3s",
        "87601h", "inf h", "nans", ".s",
    ])
    func `A text that is no duration: refused`(_ text: String) {
        refused(text, accepted: "a number above 0 with a unit: 750ms, 30s, 15m, 24h") {
            settings throws(ConfigurationError) in
            _ = try settings.duration("X", default: .seconds(1))
        }
    }

    @Test(arguments: [(nil, 0), ("0", 0), ("7", 7), ("63", 63), (" 63\n", 63)] as [(String?, UInt8)])
    func `A host's number: 0 to 63`(_ text: String?, _ number: UInt8) throws {
        let variables = ["RIVET_HOST_NUMBER": text].compactMapValues(\.self)
        #expect(try Settings(variables: variables).hostNumber() == number)
    }

    @Test(arguments: ["64", "-1", "+1", "1.0", "0x1", "one", "1 2", "256", "99999999999999999999"])
    func `A text that is no host's number: refused`(_ text: String) {
        #expect(throws: ConfigurationError.self) {
            try Settings(variables: ["RIVET_HOST_NUMBER": text]).hostNumber()
        }
    }

    @Test(arguments: [
        ("512KiB", 524_288), ("64MiB", 67_108_864), ("1GiB", 1_073_741_824), ("1.5KiB", 1_536),
    ])
    func `A size: a number with a unit`(_ text: String, _ bytes: Int) throws {
        #expect(try Settings(variables: ["X": text]).bytes("X", default: 0) == bytes)
    }

    @Test(arguments: ["64", "64MB", "64mib", "MiB", "0MiB", "0.0001KiB", "-1MiB", "1e9GiB"])
    func `A text that is no size: refused`(_ text: String) {
        refused(text, accepted: "a number above 0 with a unit: 512KiB, 64MiB, 1GiB") {
            settings throws(ConfigurationError) in
            _ = try settings.bytes("X", default: 1)
        }
    }

    @Test(arguments: ["1e30GiB", "9999999GiB", "99999999999999999999GiB"])
    func `A size beyond all memory: refused`(_ text: String) {
        #expect(throws: ConfigurationError.self) { try Settings(variables: ["X": text]).bytes("X", default: 1) }
    }

    @Test func `White space around a value: removed`() throws {
        let settings = Settings(variables: ["X": " 5s\r\n", "Y": "\tlocal "])
        #expect(try settings.duration("X", default: .zero) == .seconds(5))
        #expect(try settings.choice("Y", default: Durability.remote) == .local)
    }

    @Test func `A choice: one of its words`() throws {
        #expect(try Settings(variables: ["X": "local"]).choice("X", default: Durability.remote) == .local)
        for text in ["Local", "lo cal", "both"] {
            refused(text, accepted: "remote, local") { settings throws(ConfigurationError) in
                _ = try settings.choice("X", default: Durability.remote)
            }
        }
    }

    @Test func `The log level: one of the seven`() throws {
        #expect(try Settings(variables: [:]).logLevel() == .info)
        #expect(try Settings(variables: ["RIVET_LOG_LEVEL": "trace"]).logLevel() == .trace)
        let error = #expect(throws: ConfigurationError.self) {
            try Settings(variables: ["RIVET_LOG_LEVEL": "verbose"]).logLevel()
        }
        #expect(
            error?.description
                == "RIVET_LOG_LEVEL has a value that is not accepted (not shown: it may hold a secret); accepted is "
                + "trace, debug, info, notice, warning, error, critical")
    }

    @Test func `Directories: from Rivet's variables, then systemd's, then the working directory`() {
        let own = ["RIVET_STATE_DIR": "/a", "RIVET_RUNTIME_DIR": "/b"]
        let systemd = ["STATE_DIRECTORY": "/c", "RUNTIME_DIRECTORY": "/d"]
        for (variables, state, runtime) in [
            (own.merging(systemd) { own, _ in own }, "/a", "/b"), (systemd, "/c", "/d"),
            ([:], ".rivet/state", ".rivet/run"),
        ] {
            let settings = Settings(variables: variables)
            #expect(settings.stateDirectory == state)
            #expect(settings.runtimeDirectory == runtime)
        }
    }

    /// Expects that `X=text` is refused with the variable's name and what is accepted.
    private func refused(
        _ text: String, accepted: String, _ read: (Settings) throws(ConfigurationError) -> Void,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let error = #expect(throws: ConfigurationError.self, sourceLocation: sourceLocation) {
            try read(Settings(variables: ["X": text]))
        }
        #expect(error == ConfigurationError(valueOf: "X", accepted: accepted), sourceLocation: sourceLocation)
    }
}
