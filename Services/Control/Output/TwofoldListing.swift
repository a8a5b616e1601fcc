import Contracts

/// What a command tells a person, and a program.
protocol TwofoldListing {
    var lines: [String] { get }
    var json: JSONValue { get }
    /// For a person on standard error, beside the answer; for a program they are in it.
    var warnings: [String] { get }
}

extension Output {
    /// Prints `listing` in the form that is wanted.
    static func print(_ listing: some TwofoldListing, asJSON: Bool) throws(CommandFailure) {
        if asJSON { return try print(listing.json) }
        try print(listing.lines)
        for warning in listing.warnings { error(TerminalText.escaped("rivetctl: \(warning)")) }
    }
}
