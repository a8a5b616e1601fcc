import ArgumentParser

/// Checks Telegram ids on the command line.
enum TelegramID {
    /// - Throws: a usage error if `text` is not a user's id.
    static func requireUser(_ text: String) throws {
        guard text.wholeMatch(of: /[0-9]{1,20}/) != nil else {
            throw ValidationError("\"\(text)\" is not a user's Telegram id: that is a number, such as 123456789")
        }
    }

    /// - Throws: a usage error if `text` is not the id of a user, a chat or a topic in a chat.
    static func requireChat(_ text: String) throws {
        guard text.wholeMatch(of: /-?[0-9]{1,20}(:[0-9]{1,20})?/) != nil else {
            throw ValidationError("\"\(text)\" is not a Telegram id: that is a number, or chat:topic")
        }
    }
}
