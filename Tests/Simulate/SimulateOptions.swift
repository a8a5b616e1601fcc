struct SimulateOptions {
    static let usage = "usage: rivet-simulate --seeds N [--of store|sending] [--first S] [--seconds T] [--verbose]"

    /// The simulation to run.
    enum Subject: String { case store, sending }

    var subject = Subject.store

    var seeds: UInt64 = 1
    var first: UInt64 = 1
    var seconds: Int?
    var isVerbose = false

    init?(_ arguments: [String]) {
        var rest = arguments[...]
        while let name = rest.popFirst() {
            if name == "--verbose" {
                isVerbose = true
                continue
            }
            guard let text = rest.popFirst() else { return nil }
            if name == "--of" {
                guard let subject = Subject(rawValue: text) else { return nil }
                self.subject = subject
                continue
            }
            guard let value = UInt64(text), value < UInt64(Int32.max) else { return nil }
            switch name {
            case "--seeds": seeds = value
            case "--first": first = value
            case "--seconds": seconds = Int(value)
            default: return nil
            }
        }
    }
}
