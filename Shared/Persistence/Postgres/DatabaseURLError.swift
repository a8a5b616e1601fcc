/// Why a database URL is refused at the start, and what to write instead.
///
/// It consists of fixed texts and, if that cannot be secret, the name of an option. It never contains a value, a user,
/// or any other part of the URL.
public struct DatabaseURLError: Error, Sendable, Equatable, CustomStringConvertible {
    /// A stable code for the fault.
    public enum Code: String, Sendable, CaseIterable {
        case lineEnd = "line_end"
        case controlCharacter = "control_character"
        case blank
        case quotes
        case commandLine = "command_line"
        case assignment
        case driver
        case jdbc
        case scheme
        case placeholder
        case percent
        case credentials
        case user
        case host
        case hostCount = "host_count"
        case port
        case database
        case syntax
        case unknownOption = "unknown_option"
        case otherClientsOption = "other_clients_option"
        case optionValue = "option_value"
        case systemRoots = "system_roots"
    }

    public let code: Code
    /// The option concerned, if its name is no secret.
    public let option: String?
    /// The cause and the next step.
    public let description: String

    init(_ code: Code, option: String? = nil, _ description: String) {
        self.code = code
        self.option = option
        self.description = description
    }

    /// - Parameter accepted: the values that libpq accepts.
    static func value(of option: String, accepted: String) -> DatabaseURLError {
        DatabaseURLError(
            .optionValue, option: option,
            "its option \(option) has a value that libpq never takes; accepted is \(accepted)"
        )
    }

    // MARK: - The whole text

    static let lineEnd = DatabaseURLError(.lineEnd, "it has more than one line; keep only the URL that is to be used")
    static let controlCharacter = DatabaseURLError(
        .controlCharacter, "it has a control character, perhaps as a % escape; copy it again, without tabs and the like"
    )
    static let blank = DatabaseURLError(
        .blank, "it has a blank; keep only the URL, and write a blank that belongs to it as %20")
    static let quotes = DatabaseURLError(.quotes, "it has quotes around it; take them away")
    static let commandLine = DatabaseURLError(
        .commandLine, "it is a command line; keep only the URL between the quotes")
    static let assignment = DatabaseURLError(
        .assignment, "a variable's name stands before it; keep only what follows the first =")
    static let driver = DatabaseURLError(
        .driver, "its scheme names a driver, as SQLAlchemy wants it; take the + and the driver away: postgresql://")
    static let jdbc = DatabaseURLError(
        .jdbc,
        "it is a JDBC URL; take jdbc: away, and write user and password before the host: "
            + "postgresql://user:password@host/database")
    static let scheme = DatabaseURLError(.scheme, "it must begin with postgresql://, in small letters")
    static let placeholder = DatabaseURLError(
        .placeholder, "a placeholder stands where the password belongs; put the password there, without brackets")

    // MARK: - Its parts

    /// The characters that must be escaped in user and password, for people who paste a raw password.
    private static let escapes =
        ##"in user and password, write "%" as %25, "@" as %40, "/" as %2F, "?" as %3F, "#" as %23 and ":" as %3A"##

    static let percent = DatabaseURLError(
        .percent, #"it has a "%" that is not followed by two hexadecimal digits of UTF-8 text; "# + escapes)
    static let credentials = DatabaseURLError(
        .credentials, #"its one "@" must stand between the password and the host; "# + escapes)
    static let user = DatabaseURLError(
        .user,
        #"it has no "@", so that what follows the first ":" may be a password that was cut; write "#
            + "postgresql://user:password@host:port/database; " + escapes)
    static let host = DatabaseURLError(
        .host, "its host is no name and no address (an IPv6 address needs brackets); " + escapes)
    static let hostCount = DatabaseURLError(
        .hostCount, "it has several hosts, and another number of ports or addresses; give one for each, or one port")
    static let port = DatabaseURLError(.port, "its port is no number from 1 to 65535; " + escapes)
    static let database = DatabaseURLError(
        .database, "the name of its database has a character that must be a % escape; options follow a ?; " + escapes)
    static let syntax = DatabaseURLError(
        .syntax,
        "it is malformed: options have the form name=value, with & between two of a URL, and a blank between "
            + "two of a key=value string, where a value with a blank is put between apostrophes")
}
