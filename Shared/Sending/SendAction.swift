/// An action that the queue's owner must perform.
public enum SendAction<Lane: Hashable & Sendable, Content: SendContent>: Sendable {
    /// Try this item once, with its full time-out; then call ``SendQueue/ended(_:_:now:)``.
    case send(id: Int, SendItem<Lane, Content>, SendForm)
    /// Store these as the lane's row; an empty list removes the row. Then call ``SendQueue/stored(_:isDurable:now:)``.
    case store(Lane, [SendRow<Content>])
    /// Check whether Telegram responds, by a call that changes nothing; then call ``SendQueue/probed(_:now:)``.
    case probe
    /// Report the resolution to the caller that handed the item over.
    case resolved(id: Int, SendResolution)
    /// For the log: the item is given up, or Telegram refused its mark-up.
    case report(SendReport, SendItem<Lane, Content>)
    /// For the counters: Telegram accepted the item.
    case sent(SendItem<Lane, Content>)
}
