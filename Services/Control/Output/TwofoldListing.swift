import Contracts

/// The output of a command in two forms: for a person, and for a program.
protocol TwofoldListing {
    var lines: [String] { get }
    var json: JSONValue { get }
    /// For a person they go to standard error. For a program they are part of `json`.
    var warnings: [String] { get }
}

extension Output {
    /// Prints `listing` in one of its forms.
    static func print(_ listing: some TwofoldListing, asJSON: Bool) throws(CommandFailure) {
        if asJSON { return try print(listing.json) }
        try print(listing.lines)
        for warning in listing.warnings { error(TerminalText.escaped("rivetctl: \(warning)")) }
    }
}
