import Contracts

/// What a command tells a person, and a program.
protocol TwofoldListing {
    var lines: [String] { get }
    var json: JSONValue { get }
    /// For standard error, beside the answer.
    var warnings: [String] { get }
}

extension Output {
    /// Prints what `body` brings, in the form that is wanted. What it throws is printed too, where a program reads.
    static func printing(
        json: Bool, _ body: () async throws(CommandFailure) -> some TwofoldListing
    ) async throws(CommandFailure) {
        do throws(CommandFailure) {
            let listing = try await body()
            if json { try print(listing.json) } else { try print(listing.lines) }
            for warning in listing.warnings { error(TerminalText.escaped("rivetctl: \(warning)")) }
        } catch {
            if json, error.exitCode != ExitCodes.output { try print(error.json) }
            throw error
        }
    }
}
