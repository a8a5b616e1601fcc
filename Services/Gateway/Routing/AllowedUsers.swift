/// `RIVET_ALLOWED_USERS`: who may use the bot.
struct AllowedUsers: Sendable, Equatable {
    /// Telegram user ids; empty for everyone.
    var ids: Set<Int64> = []

    func contains(_ id: Int64) -> Bool { ids.isEmpty || ids.contains(id) }
}
