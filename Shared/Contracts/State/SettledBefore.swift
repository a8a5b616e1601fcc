/// The parameter `settled_before` of `state.save` and `state.clear`: an update id.
///
/// The caller's promise that no update with a lower id will come again, since Telegram was told that it is settled, and
/// answered. What a key remembers of such updates may be forgotten. Ids that jump down are no trouble: what is higher stays
/// remembered.
enum SettledBefore {
    static let name = "settled_before"

    static func value(in parameters: Parameters) throws(RPCError) -> Int64? {
        try parameters.optional(name) { p throws(RPCError) in try p.integer(name) }
    }
}
