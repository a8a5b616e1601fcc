/// The write-ahead log of the local file.
extension StoreCore {
    /// Moves a piece of the log into the file when that is due. Call it after the responses of a pass were given, so
    /// that they do not wait for it.
    /// - Returns: whether the status changed.
    package func tendLog() -> Bool {
        guard let table, isDiskUp else { return false }
        let (start, count) = (time.instant(), table.logPages)
        guard log.isDue(logPages: count, freePages: table.freePages, at: start) else { return false }
        let wasHeld = log.heldSince != nil
        let move = table.moveLog()
        let end = time.instant()
        switch move {
        case .moved: log.moved(count, in: end - start)
        case .held: log.wasHeld(at: end)
        case .failed: log.failed(at: end)
        }
        return wasHeld || log.heldSince != nil
    }
}
