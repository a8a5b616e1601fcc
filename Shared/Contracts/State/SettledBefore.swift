/// The parameter `settled_before` of `state.save` and `state.clear`: an update id.
///
/// By it the caller promises that Telegram will not deliver an update with a lower id again: Telegram has responded to
/// a confirmation of these updates. A key may then forget them. If ids jump down, no harm is done: updates with higher
/// ids stay remembered.
enum SettledBefore {
    static let name = "settled_before"

    static func value(in parameters: Parameters) throws(RPCError) -> Int64? {
        try parameters.optional(name) { p throws(RPCError) in try p.integer(name) }
    }
}
