import Persistence

extension CommandFailure {
    /// A database file that is no good.
    ///
    /// - Parameter nextStep: what to do about one that is broken.
    init(_ fault: DatabaseInspection.Fault, _ path: String, brokenNextStep: String) {
        switch fault {
        case .broken(let finding): self.init("\(path) is broken: \(finding)", nextStep: brokenNextStep)
        case .unreadable(let error): self.init(error, path)
        case .schema(let error): self.init("\(error)")
        case .foreign: self.init("\(path) is no database of Rivet's", nextStep: brokenNextStep)
        }
    }

    /// SQLite could not do something with the file at `path`.
    init(_ error: SQLiteError, _ path: String) {
        let nextStep =
            if error.isDiskFull {
                "Make room there"
            } else if error.isUnopened {
                "Is --state-dir or RIVET_STATE_DIR right, and may this user read it? Try sudo"
            } else { "Is the file whole, and does dmesg tell of a disk that fails?" }
        self.init("\(path): \(error)", nextStep: nextStep)
    }
}
