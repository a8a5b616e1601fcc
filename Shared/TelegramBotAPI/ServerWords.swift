/// Finds known phrases in the texts of Telegram and libcurl.
///
/// No other part of these texts is used: a server got the token and may quote it, and the URL contains it.
enum ServerWords {
    /// The known phrase in a refusal's description.
    static func known(in description: String) -> String {
        first(of: refusals, in: description) ?? "in words that Rivet does not know"
    }

    /// The known cause in libcurl's text about a failure; nil when it contains none.
    static func cause(in text: String) -> String? { first(of: causes, in: text) }

    /// The phrase as spelled in our list, since the text may differ in case.
    private static func first(of phrases: [String], in text: String) -> String? {
        let text = text.lowercased()
        return phrases.first { text.contains($0.lowercased()) }
    }

    private static let refusals = [
        // 403
        "bot was blocked by the user", "bot was kicked from the group chat", "bot was kicked from the supergroup chat",
        "bot was kicked from the channel chat", "user is deactivated", "bot can't initiate conversation with a user",
        "bot can't send messages to bots", "bot is not a member of the channel chat",
        "bot is not a member of the supergroup chat", "the group chat was deleted", "chat_write_forbidden",
        // 409
        "terminated by other getUpdates request", "can't use getUpdates method while webhook is active",
        // 400
        "HTTPS URL must be provided for webhook", "Webhook can be set up only on ports 80, 88, 443 or 8443",
        "Failed to resolve host", "IP address is reserved", "invalid webhook URL specified",
        "message text is empty", "message is too long", "not enough rights to send", "have no rights to send a message",
        "need administrator rights", "chat_id is empty", "user not found", "peer_id_invalid", "button_data_invalid",
        "reply markup is too long", "can't parse reply keyboard markup", "can't parse inline keyboard button",
        "inline keyboard expected", "wrong file identifier", "topic_closed", "chat_restricted",
        "group chat was upgraded to a supergroup chat", "strings must be encoded in UTF-8", "chat_admin_required",
        "bot_commands_too_much", "bot_command_invalid", "bot_command_description_invalid",
        "message to delete not found",
        "method is available only for supergroups",
    ]

    private static let causes = [
        "Connection refused", "Connection reset by peer", "No route to host", "Network is unreachable",
        "Address family not supported by protocol", "Operation not permitted", "Connection timed out",
        "Resolving timed out", "Operation timed out", "Could not resolve host", "Empty reply from server",
        "unable to get local issuer certificate", "certificate has expired", "certificate is not yet valid",
        "self-signed certificate", "self signed certificate", "no alternative certificate subject name matches",
        "wrong version number", "error setting certificate", "Unsupported protocol", "not supported or disabled",
        "Port number was not a decimal number",
        // In Telegram's reports about a webhook.
        "Read timeout expired", "Connection timeout expired", "SSL error", "certificate verify failed",
        "Connection closed", "Unexpected EOF",
    ]
}
