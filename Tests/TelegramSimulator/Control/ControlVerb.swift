import Contracts

/// The commands of other processes to the simulator: `POST /control/<verb>` with a JSON object, a form, or a query.
///
/// | verb | parameters | response |
/// |---|---|---|
/// | `user` | `id, first_name?, username?` | `{}` |
/// | `group` | `id, title?, is_forum?` | `{}` |
/// | `send` | `user, text, chat?, thread?, reply_to?` | `{update_id, message_id}` |
/// | `photo` | `user, file_id?, caption?, chat?, thread?` | `{update_id, message_id}` |
/// | `sticker`, `voice` | `user, chat?, thread?` | `{update_id}` |
/// | `edit` | `chat, message_id, text` | `{update_id}` |
/// | `tap` | `user, button` (label or data), `message_id?, chat?, thread?` | `{update_id}` |
/// | `inject` | `update` | `{update_id}` |
/// | `redeliver` | `update_id` | `{}` |
/// | `jump` | `update_id` | `{}` |
/// | `block`, `unblock` | `user` | `{}` |
/// | `wait-for-message` | `chat, contains?, thread?, timeout_s?` (10) | a message, see below; 408 if none came |
/// | `wait-until-confirmed` | `update_id?` (all), `timeout_s?` (10) | `{}`; 408 if it was not |
/// | `messages` | `chat` | `{messages}` |
/// | `fail` | `method` (`*` for all), `fault, count?` (until healed), `skip?` and what the fault needs | `{}` |
/// | `heal` | `method?` | `{}` |
/// | `limit` | `on`: whether rate limits apply | `{}` |
/// | `advance` | `seconds` | `{}` |
/// | `state` | – | the counters, see below |
///
/// The counters are `{unconfirmed, polling, negative_offsets, dropped_pending, answered_callbacks, rate_limited,
/// requests, commands}`.
///
/// A fault is `status` (with `code, description?, retry_after?`), `proxy_error` (`code`), `close_before_reading`,
/// `close_after_processing`, `delay` (`seconds`), `hang`, `garbage`, `truncated` or `bad_gateway_after_processing`.
/// A message is `{message_id, chat, thread, text, html, buttons: [{label, data}], reply_to, is_edit, photo_file_id}`.
/// `wait-for-message` consumes the message that it returns: the next call waits for the one after it.
/// A command that cannot be carried out gets 400 with `{error}`.
enum ControlVerb: String {
    case user, group, send, photo, sticker, voice, edit, tap, inject, redeliver, jump, block, unblock
    case waitForMessage = "wait-for-message"
    case waitUntilConfirmed = "wait-until-confirmed"
    case messages, fail, heal, limit, advance, state
}

extension BotMessage {
    /// The message as `/control` shows it.
    var controlJSON: JSONValue {
        let shown = buttons.map { button -> JSONValue in
            ["label": .string(button.label), "data": button.callbackData.json]
        }
        return [
            "message_id": .integer(messageID), "chat": .integer(chat), "text": .string(text), "html": .string(html),
            "thread": thread.map(JSONValue.integer) ?? .null, "buttons": .array(shown),
            "reply_to": replyTo.map(JSONValue.integer) ?? .null, "is_edit": .bool(isEdit),
            "photo_file_id": photoFileID.json,
        ]
    }
}
