import Persistence

extension CommandFailure {
    /// A database file that cannot be used.
    ///
    /// - Parameter brokenNextStep: what to do about a broken file.
    init(_ fault: DatabaseInspection.Fault, _ path: String, brokenNextStep: String) {
        switch fault {
        case .broken(let finding): self.init("\(path) is broken: \(finding)", nextStep: brokenNextStep)
        case .unreadable(let error): self.init(error, path)
        case .schema(let error): self.init("\(error)")
        case .foreign: self.init("\(path) is not a Rivet database", nextStep: brokenNextStep)
        }
    }

    /// An SQLite error about the file at `path`.
    init(_ error: SQLiteError, _ path: String) {
        let nextStep =
            if error.isDiskFull {
                "Make room there"
            } else if error.isUnopened {
                "Is --state-dir or RIVET_STATE_DIR right, and may this user read it? Try sudo"
            } else { "Is the file intact, and does dmesg report a failing disk?" }
        self.init("\(path): \(error)", nextStep: nextStep)
    }
}
