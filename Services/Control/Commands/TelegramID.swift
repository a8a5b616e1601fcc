import ArgumentParser

/// The ids of Telegram, as a command line has them.
enum TelegramID {
    /// - Throws: a usage error for what is no id of a user.
    static func requireUser(_ text: String) throws {
        guard text.wholeMatch(of: /[0-9]{1,20}/) != nil else {
            throw ValidationError("\"\(text)\" is no Telegram id of a user: that is a number, such as 123456789")
        }
    }

    /// - Throws: a usage error for what is no id of a user, a chat or a topic in one.
    static func requireChat(_ text: String) throws {
        guard text.wholeMatch(of: /-?[0-9]{1,20}(:[0-9]{1,20})?/) != nil else {
            throw ValidationError("\"\(text)\" is no Telegram id: a number, or chat:topic")
        }
    }
}
