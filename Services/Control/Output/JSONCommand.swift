import ArgumentParser

/// A command whose answer may be asked for as JSON. Then a failure is JSON too, and standard error stays empty.
protocol JSONCommand: AsyncParsableCommand {
    var json: Bool { get }
}
