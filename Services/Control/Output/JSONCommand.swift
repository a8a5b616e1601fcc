import ArgumentParser

/// A command that can print its output as JSON. Then a failure is JSON too, and standard error stays empty.
protocol JSONCommand: AsyncParsableCommand {
    var json: Bool { get }
}
