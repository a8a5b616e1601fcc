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
/// A variable that is set to nothing counts as not set. One that does not parse throws; it never falls back to the
/// default.
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
        variables = environment.merging(file) { $1 }.filter { !$0.value.isEmpty }
        credentialsDirectory = variables["CREDENTIALS_DIRECTORY"]
    }

    /// The name of the variable that names the file.
    public static let fileVariable = "RIVET_ENV_FILE"

    /// The same, with `more` over them.
    public func with(_ more: [String: String]) -> Settings {
        Settings(environment: environment, file: variables.merging(more) { $1 })
    }

    /// The same settings, as they are now.
    /// - Throws: when the file cannot be read, or a line of it is no assignment.
    public func readAgain() throws(ConfigurationError) -> Settings {
        guard let path = environment[Self.fileVariable] ?? variables[Self.fileVariable], !path.isEmpty else {
            return self
        }
        return try reading(path)
    }

    /// The same, with what the file at `path` has over them.
    /// - Throws: when it cannot be read, or a line of it is no assignment.
    public func reading(_ path: String) throws(ConfigurationError) -> Settings {
        let text: String
        do { text = try String(contentsOf: URL(filePath: path), encoding: .utf8) } catch {
            throw ConfigurationError(
                name: Self.fileVariable, value: path, accepted: "a text file that the service's user can read")
        }
        do throws(EnvironmentFile.Malformed) {
            return Settings(environment: environment, file: try EnvironmentFile.parse(text))
        } catch {
            throw ConfigurationError(
                name: Self.fileVariable, value: path,
                accepted: "a file of NAME=value lines; line \(error.line) is none, or a quote in it is not closed")
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

    /// A secret: the credential's content without white space around it, or the variable.
    /// - Throws: when the credential is there but cannot be read, or is no text.
    public func secret(_ name: String, credential: String) throws(ConfigurationError) -> String? {
        guard let credentialsDirectory else { return variables[name] }
        let path = credentialsDirectory + "/" + credential
        let data: Data?
        do { data = try Data(contentsOf: URL(filePath: path)) } catch let error as CocoaError
            where error.code == .fileReadNoSuchFile
        {
            return variables[name]
        } catch { data = nil }
        guard let data, let text = String(data: data, encoding: .utf8) else {
            throw ConfigurationError(name: credential, accepted: "the credential \(path) must be readable text")
        }
        let value = text.trimmed
        return value.isEmpty ? variables[name] : value
    }

    /// A number with a unit: `750ms`, `30s`, `15m`, `24h`; more than nothing.
    public func duration(_ name: String, default standard: Duration) throws(ConfigurationError) -> Duration {
        guard let value = variables[name] else { return standard }
        let units: [(String, Double)] = [("ms", 0.001), ("s", 1), ("m", 60), ("h", 3_600)]
        guard let (number, seconds) = Self.number(value, units: units), number * seconds >= 0.001,
            number * seconds <= 10 * 365 * 86_400
        else {
            throw ConfigurationError(
                name: name, value: value, accepted: "a number above 0 with a unit: 750ms, 30s, 15m, 24h")
        }
        return .milliseconds(Int64((number * seconds * 1_000).rounded()))
    }

    /// A number of bytes with a unit: `512KiB`, `64MiB`, `1GiB`.
    public func bytes(_ name: String, default standard: Int) throws(ConfigurationError) -> Int {
        guard let value = variables[name] else { return standard }
        let units: [(String, Double)] = [("KiB", 1_024), ("MiB", 1_048_576), ("GiB", 1_073_741_824)]
        guard let (number, unit) = Self.number(value, units: units), number * unit >= 1, number * unit <= 1e15 else {
            throw ConfigurationError(
                name: name, value: value, accepted: "a number above 0 with a unit: 512KiB, 64MiB, 1GiB")
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
                name: name, value: value, accepted: Choice.allCases.map(\.rawValue).joined(separator: ", "))
        }
        return choice
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

extension String {
    /// Without white space and line ends around it.
    var trimmed: String {
        let scalars = unicodeScalars
        guard let first = scalars.firstIndex(where: { !$0.properties.isWhitespace }),
            let last = scalars.lastIndex(where: { !$0.properties.isWhitespace })
        else { return "" }
        return String(scalars[first...last])
    }
}
