import Contracts
public import FoundationEssentials
import Glibc
public import Logging

/// The settings of a process: environment variables, the file that `RIVET_ENV_FILE` names, which wins over them, and
/// systemd credentials, which win over both.
///
/// The file is the one that the unit's `EnvironmentFile=` has: systemd has put it into the environment already, and a
/// process that runs cannot have its environment changed. So what is read again on a reload is read from there.
///
/// White space and line ends around a value go, in variables and credentials alike. A variable that is set to nothing counts
/// as not set. One that does not parse throws; it never falls back to the default.
public struct Settings: Sendable {
    private let variables: [String: String]
    private let credentialsDirectory: String?
    /// Without what the file gave.
    private let environment: [String: String]

    /// Without the file.
    /// - Parameter variables: the environment of the process.
    public init(variables: [String: String] = ProcessInfo.processInfo.environment) {
        self.init(environment: variables, file: [:])
    }

    private init(environment: [String: String], file: [String: String]) {
        // What was in the file is in the environment too, and may have been taken out of the file since.
        self.environment = environment.filter { file[$0.key] == nil }
        variables = environment.merging(file) { $1 }.mapValues(\.trimmed).filter { !$0.value.isEmpty }
        credentialsDirectory = variables["CREDENTIALS_DIRECTORY"]
    }

    /// Far more than systemd hands over.
    private static let credentialBytesMax = 1_048_576

    /// The name of the variable that names the file.
    public static let fileVariable = "RIVET_ENV_FILE"

    /// The same, with `more` over them.
    public func with(_ more: [String: String]) -> Settings {
        Settings(environment: environment, file: variables.merging(more) { $1 })
    }

    /// The same settings, as they are now.
    /// - Throws: when the file cannot be read, or systemd would refuse it.
    public func readAgain() throws(ConfigurationError) -> Settings {
        guard let path = environment[Self.fileVariable] ?? variables[Self.fileVariable], !path.isEmpty else {
            return self
        }
        return try reading(path)
    }

    /// The same, with what the file at `path` has over them.
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
            // What could be read is a file's name, and no secret.
            throw ConfigurationError(
                name: fileVariable,
                accepted:
                    "\(path) must be a file of NAME=value lines, as systemd's EnvironmentFile= has; in it, \(error)")
        }
    }

    /// With the file, at a start.
    ///
    /// Under systemd, which has put the file's variables into the environment, one that this user cannot read is no failure;
    /// a reload tells of it.
    public func withFile() throws(ConfigurationError) -> Settings {
        do { return try readAgain() } catch {
            let isRead = variables[Self.fileVariable].map { access($0, R_OK) == 0 } ?? false
            guard !isRead, variables["INVOCATION_ID"] != nil else { throw error }
            return self
        }
    }

    /// The names that are set.
    public var names: Set<String> { Set(variables.keys) }

    /// The variables that have another value in `other`, or none in one of the two.
    public func differences(from other: Settings) -> Set<String> {
        Set(variables.keys).union(other.variables.keys).filter { variables[$0] != other.variables[$0] }
    }

    public func string(_ name: String) -> String? { variables[name] }

    /// A secret: the credential, or else the variable. It is one line.
    /// - Throws: when the credential is there but cannot be read, or is no text; and for a secret that holds a line end or
    ///   another control character. The error names the credential or the variable, and has nothing of the secret.
    public func secret(_ name: String, credential: String) throws(ConfigurationError) -> String? {
        try secret(name, credential: credential) { $0 }
    }

    /// A secret of some form.
    /// - Parameter parse: reads it; its error says what is accepted and has nothing of the secret.
    /// - Throws: as ``secret(_:credential:)``, and for a secret that `parse` refuses.
    public func secret<Value, Malformed: Error>(
        _ name: String, credential: String, as parse: (String) throws(Malformed) -> Value
    ) throws(ConfigurationError) -> Value? {
        var (source, text) = (credential, try self.credential(credential) ?? "")
        if text.isEmpty { (source, text) = (name, variables[name] ?? "") }
        if text.isEmpty { return nil }
        guard text.unicodeScalars.allSatisfy(Self.isWithinLine) else {
            throw ConfigurationError(
                name: source,
                accepted: "accepted is one line without control characters; this has a line end or another one inside. "
                    + "Put the secret there alone, with nothing before or after it")
        }
        do throws(Malformed) { return try parse(text) } catch {
            throw ConfigurationError(name: source, accepted: "accepted is \(error)")
        }
    }

    /// Nil when there is none.
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

    /// A value of some form; nil when it is not set.
    /// - Parameters:
    ///   - accepted: the form, in a few words.
    ///   - parse: reads it; its error says what is wrong and has nothing of the value.
    public func parsed<Value, Malformed: Error>(
        _ name: String, accepted: String, as parse: (String) throws(Malformed) -> Value
    ) throws(ConfigurationError) -> Value? {
        guard let value = variables[name] else { return nil }
        do throws(Malformed) { return try parse(value) } catch {
            throw ConfigurationError(valueOf: name, accepted: "\(accepted); \(error)")
        }
    }

    /// A number with a unit: `750ms`, `30s`, `15m`, `24h`; more than nothing.
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

    /// One of some words.
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

    /// Refuses a path that cannot be one, before a message has it: a secret in the wrong variable, or several lines.
    public func checkPaths() throws(ConfigurationError) {
        for name in [
            "RIVET_STATE_DIR", "STATE_DIRECTORY", "RIVET_RUNTIME_DIR", "RUNTIME_DIRECTORY", "RIVET_LEGACY_SQLITE",
        ] {
            guard let path = variables[name] else { continue }
            // Each token and URL has a colon. A path with one is a list of paths to systemd and to many programs.
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
    /// Names alone: values may be secrets.
    public var description: String { "Settings(\(names.sorted().joined(separator: ", ")))" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}

extension String {
    /// A setting without white space, line ends and byte order marks around it.
    public var trimmed: String {
        let scalars = unicodeScalars
        func isKept(_ scalar: Unicode.Scalar) -> Bool { !scalar.properties.isWhitespace && scalar != "\u{FEFF}" }
        guard let first = scalars.firstIndex(where: isKept), let last = scalars.lastIndex(where: isKept) else {
            return ""
        }
        return String(scalars[first...last])
    }
}
