/// What the queue's owner has to do.
public enum SendAction<Lane: Hashable & Sendable, Content: SendContent>: Sendable {
    /// Try this once, with its full time-out, and tell ``SendQueue/ended(_:_:now:)``.
    case send(id: Int, SendItem<Lane, Content>, SendForm)
    /// Store this as all that the lane is owed, an empty row being none, and tell ``SendQueue/stored(_:isDurable:now:)``.
    case store(Lane, [SendRow<Content>])
    /// Find out whether Telegram answers, by a call that changes nothing, and tell ``SendQueue/probed(_:now:)``.
    case probe
    /// Tell the one who handed the item over.
    case resolved(id: Int, SendResolution)
    /// For the log: the item is given up, or its mark-up was refused.
    case report(SendReport, SendItem<Lane, Content>)
    /// For the counters: Telegram took it.
    case sent(SendItem<Lane, Content>)
}
