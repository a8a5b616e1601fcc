import Contracts
public import FoundationEssentials
import Glibc
public import Logging

/// The settings of a process: environment variables, the file that `RIVET_ENV_FILE` names, and systemd credentials. The
/// file overrides the variables; the credentials override both.
///
/// The file is the one of the unit's `EnvironmentFile=`. systemd has already put its content into the environment, but
/// cannot change the environment of a running process. So a reload reads the file itself.
///
/// White space and line ends around a value are removed, in variables and in credentials. An empty variable counts as
/// not set. A value that does not parse throws; it never falls back to the default.
public struct Settings: Sendable {
    private let variables: [String: String]
    private let credentialsDirectory: String?
    /// The environment without the variables of the file.
    private let environment: [String: String]

    /// The settings without the file.
    /// - Parameter variables: the environment of the process.
    public init(variables: [String: String] = ProcessInfo.processInfo.environment) {
        self.init(environment: variables, file: [:])
    }

    private init(environment: [String: String], file: [String: String]) {
        // The environment also has the file's variables. If one is removed from the file, it must not stay set.
        self.environment = environment.filter { file[$0.key] == nil }
        variables = environment.merging(file) { $1 }.mapValues(\.trimmed).filter { !$0.value.isEmpty }
        credentialsDirectory = variables["CREDENTIALS_DIRECTORY"]
    }

    /// As many as systemd's limit for all credentials of a unit together, 1 MB (systemd.exec(5)).
    private static let credentialBytesMax = 1_048_576

    /// The name of the variable that names the file.
    public static let fileVariable = "RIVET_ENV_FILE"

    /// The same settings, overridden by `more`.
    public func with(_ more: [String: String]) -> Settings {
        Settings(environment: environment, file: variables.merging(more) { $1 })
    }

    /// The settings with the file's current content.
    /// - Throws: when the file cannot be read, or systemd would refuse it.
    public func readAgain() throws(ConfigurationError) -> Settings {
        guard let path = environment[Self.fileVariable] ?? variables[Self.fileVariable], !path.isEmpty else {
            return self
        }
        return try reading(path)
    }

    /// The same settings, overridden by the file at `path`.
    /// - Throws: when it cannot be read, or systemd would refuse it.
    public func reading(_ path: String) throws(ConfigurationError) -> Settings {
        Settings(environment: environment, file: try Self.file(path).variables)
    }

    /// The settings file at `path`, read as the systemd of this machine reads it.
    /// - Throws: when it cannot be read, or systemd would refuse it.
    public static func file(_ path: String) throws(ConfigurationError) -> EnvironmentFile {
        let bytes: [UInt8]
        do throws(BoundedFile.Failure) {
            bytes = try BoundedFile.bytes(path, bytesMax: EnvironmentFile.bytesMax)
        } catch {
            throw ConfigurationError(
                valueOf: fileVariable,
                accepted: "a text file that the service's user can read (\(error.reason))")
        }
        do throws(EnvironmentFileError) {
            return try EnvironmentFile(bytes, systemd: .ofThisMachine)
        } catch {
            // The value may be shown: a file with this name was read, so it is not a secret.
            throw ConfigurationError(
                name: fileVariable,
                accepted:
                    "\(path) must be a file of NAME=value lines, as for systemd's EnvironmentFile=; \(error)")
        }
    }

    /// The settings at a start, with the file.
    ///
    /// A file that this user cannot read is not an error under systemd, which has put its variables into the
    /// environment. A reload reports it.
    public func withFile() throws(ConfigurationError) -> Settings {
        do { return try readAgain() } catch {
            let isRead = variables[Self.fileVariable].map { access($0, R_OK) == 0 } ?? false
            guard !isRead, variables["INVOCATION_ID"] != nil else { throw error }
            return self
        }
    }

    /// The names of the variables that are set.
    public var names: Set<String> { Set(variables.keys) }

    /// The variables that have another value in `other`, or are set in only one of the two.
    public func differences(from other: Settings) -> Set<String> {
        Set(variables.keys).union(other.variables.keys).filter { variables[$0] != other.variables[$0] }
    }

    public func string(_ name: String) -> String? { variables[name] }

    /// A secret, one line of text: from the credential, or else from the variable.
    /// - Throws: when the credential exists but cannot be read or is not text, and when the secret contains a line end
    ///   or another control character. The error names the credential or the variable, and contains no part of the
    ///   secret.
    public func secret(_ name: String, credential: String) throws(ConfigurationError) -> String? {
        try secret(name, credential: credential) { $0 }
    }

    /// A secret that `parse` converts to a value.
    /// - Parameter parse: its error must state what is accepted, and contain no part of the secret.
    /// - Throws: as ``secret(_:credential:)``, and when `parse` throws.
    public func secret<Value, Malformed: Error>(
        _ name: String, credential: String, as parse: (String) throws(Malformed) -> Value
    ) throws(ConfigurationError) -> Value? {
        var (source, text) = (credential, try self.credential(credential) ?? "")
        if text.isEmpty { (source, text) = (name, variables[name] ?? "") }
        if text.isEmpty { return nil }
        guard text.unicodeScalars.allSatisfy(Self.isWithinLine) else {
            throw ConfigurationError(
                name: source,
                accepted: "accepted is one line without control characters; this contains a line end or another one. "
                    + "Store the secret alone, with no text before or after it")
        }
        do throws(Malformed) { return try parse(text) } catch {
            throw ConfigurationError(name: source, accepted: "accepted is \(error)")
        }
    }

    /// The text of a credential; nil when it does not exist.
    private func credential(_ name: String) throws(ConfigurationError) -> String? {
        guard let credentialsDirectory else { return nil }
        let bytes: [UInt8]
        do throws(BoundedFile.Failure) {
            bytes = try BoundedFile.bytes(credentialsDirectory + "/" + name, bytesMax: Self.credentialBytesMax)
        } catch {
            if error.code == ENOENT { return nil }
            throw ConfigurationError(name: name, accepted: "the credential must be readable text (\(error.reason))")
        }
        guard bytes.count <= Self.credentialBytesMax, let text = String(validating: bytes, as: UTF8.self) else {
            throw ConfigurationError(name: name, accepted: "the credential must be readable text, one line of UTF-8")
        }
        return text.trimmed
    }

    private static func isWithinLine(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator: false
        default: true
        }
    }

    /// A value that `parse` converts; nil when it is not set.
    /// - Parameters:
    ///   - accepted: the accepted form, in a few words.
    ///   - parse: its error must state what is wrong, and contain no part of the value.
    public func parsed<Value, Malformed: Error>(
        _ name: String, accepted: String, as parse: (String) throws(Malformed) -> Value
    ) throws(ConfigurationError) -> Value? {
        guard let value = variables[name] else { return nil }
        do throws(Malformed) { return try parse(value) } catch {
            throw ConfigurationError(valueOf: name, accepted: "\(accepted); \(error)")
        }
    }

    /// A duration above zero, as a number with a unit: `750ms`, `30s`, `15m`, `24h`.
    public func duration(_ name: String, default standard: Duration) throws(ConfigurationError) -> Duration {
        guard let value = variables[name] else { return standard }
        let units: [(String, Double)] = [("ms", 0.001), ("s", 1), ("m", 60), ("h", 3_600)]
        guard let (number, seconds) = Self.number(value, units: units), number * seconds >= 0.001,
            number * seconds <= 10 * 365 * 86_400
        else {
            throw ConfigurationError(
                valueOf: name, accepted: "a number above 0 with a unit: 750ms, 30s, 15m, 24h")
        }
        return .milliseconds(Int64((number * seconds * 1_000).rounded()))
    }

    /// A number of bytes with a unit: `512KiB`, `64MiB`, `1GiB`.
    public func bytes(_ name: String, default standard: Int) throws(ConfigurationError) -> Int {
        guard let value = variables[name] else { return standard }
        let units: [(String, Double)] = [("KiB", 1_024), ("MiB", 1_048_576), ("GiB", 1_073_741_824)]
        guard let (number, unit) = Self.number(value, units: units), number * unit >= 1, number * unit <= 1e15 else {
            throw ConfigurationError(
                valueOf: name, accepted: "a number above 0 with a unit: 512KiB, 64MiB, 1GiB")
        }
        return Int(number * unit)
    }

    /// One of the raw values of `Choice`.
    public func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ name: String, default standard: Choice
    ) throws(ConfigurationError) -> Choice {
        guard let value = variables[name] else { return standard }
        guard let choice = Choice(rawValue: value) else {
            throw ConfigurationError(
                valueOf: name, accepted: Choice.allCases.map(\.rawValue).joined(separator: ", "))
        }
        return choice
    }

    /// `RIVET_HOST_NUMBER`: 0 to 63.
    public func hostNumber() throws(ConfigurationError) -> UInt8 {
        let name = "RIVET_HOST_NUMBER"
        guard let value = variables[name] else { return 0 }
        guard let number = UInt8(value), number <= 63, value.utf8.allSatisfy({ $0 != UInt8(ascii: "+") }) else {
            throw ConfigurationError(valueOf: name, accepted: "a whole number from 0 to 63")
        }
        return number
    }

    public func logLevel() throws(ConfigurationError) -> Logger.Level {
        try choice("RIVET_LOG_LEVEL", default: .info)
    }

    /// The directory for databases.
    public var stateDirectory: String {
        variables["RIVET_STATE_DIR"] ?? variables["STATE_DIRECTORY"] ?? ".rivet/state"
    }

    /// The directory for sockets.
    public var runtimeDirectory: String {
        variables["RIVET_RUNTIME_DIR"] ?? variables["RUNTIME_DIRECTORY"] ?? ".rivet/run"
    }

    /// Rejects a value that cannot be a path, before a message shows it: a secret in the wrong variable, or several
    /// lines.
    public func checkPaths() throws(ConfigurationError) {
        for name in [
            "RIVET_STATE_DIR", "STATE_DIRECTORY", "RIVET_RUNTIME_DIR", "RUNTIME_DIRECTORY", "RIVET_LEGACY_SQLITE",
        ] {
            guard let path = variables[name] else { continue }
            // Every token and URL has a colon. systemd and many programs take a path with a colon for a list of paths.
            guard path.unicodeScalars.allSatisfy({ Self.isWithinLine($0) && $0 != ":" }) else {
                throw ConfigurationError(
                    valueOf: name, accepted: "one path, without \":\" or control characters")
            }
        }
    }

    private static func number(_ value: String, units: [(String, Double)]) -> (Double, Double)? {
        for (name, factor) in units where value.hasSuffix(name) {
            let digits = value.dropLast(name.count)
            guard !digits.isEmpty, digits.allSatisfy({ $0.isASCII && ($0.isNumber || $0 == ".") }),
                let number = Double(digits)
            else { continue }
            return (number, factor)
        }
        return nil
    }
}

extension Settings: CustomStringConvertible, CustomReflectable {
    /// The names only, since values may be secrets.
    public var description: String { "Settings(\(names.sorted().joined(separator: ", ")))" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}

extension String {
    /// The string without white space, line ends and byte order marks at both ends.
    public var trimmed: String {
        let scalars = unicodeScalars
        func isKept(_ scalar: Unicode.Scalar) -> Bool { !scalar.properties.isWhitespace && scalar != "\u{FEFF}" }
        guard let first = scalars.firstIndex(where: isKept), let last = scalars.lastIndex(where: isKept) else {
            return ""
        }
        return String(scalars[first...last])
    }
}
