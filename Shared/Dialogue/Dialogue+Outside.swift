/// The replies when no question follows: before, after and beside an entry.
extension Dialogue {
    public static let memoryOnlySentence =
        "⚠️ No disk or database can be reached right now: this is held in memory only, and stored as soon as one is back."

    /// The machine is in the library. `draft` may have been made of the machine as the library answered it.
    public static func saved(_ draft: Draft) -> Reply {
        var lines: [Markup] = ["✅ \(bold: "Saved to Library!")", "", "\(bold: draft[.nickname] ?? "N/A")"]
        for step in Step.allCases where step != .nickname {
            lines.append("• \(step.spec.label): \(draft[step] ?? "N/A")")
        }
        if draft.photoFileID != nil { lines.append("• 📷 Photo") }
        return Reply("\(.lines(lines))\n\nView your library with /library")
    }

    /// To an input that reached an entry after it was completed, where its machine cannot be shown any more.
    public static func alreadySaved() -> Reply {
        Reply(
            "✅ That entry is already saved to your library.\n\nView your library with /library",
            notice: "That entry is already saved.")
    }

    /// Under a plain photo.
    public static func photoOffer() -> Reply {
        Reply(
            "📷 Is this a piece of your equipment?",
            buttons: [[Reply.Button(label: "💾 Save to Library", data: saveToLibraryData)]])
    }

    /// To a person who is not on the allowed list.
    public static func refusal(userID: String) -> Reply {
        Reply(
            "🔒 This bot is private. To be let in, give its operator your user id: \(code: userID)",
            notice: "This bot is private.")
    }

    /// The stored entry cannot be read.
    public static func restartAsked() -> Reply {
        Reply(
            "⚠️ Your earlier entry could not be read, sorry. It was set aside.\nPlease start again with /addmachine",
            notice: "Please start again with /addmachine")
    }

    /// Trouble of ours; the state is as it was before the input.
    public static func tryAgain() -> Reply {
        Reply(
            "❌ That did not work just now. Please try again.\nYour progress is kept: /addmachine shows it and continues.",
            notice: "Please try again.")
    }

    /// To a person whose message has to wait until what we store can be reached.
    public static func kept() -> Reply {
        Reply(
            """
            ⏳ I cannot reach my storage right now. Your message is kept and will be answered as soon as I can. \
            There is no need to send it again.
            """)
    }

    /// `/start` and `/help`, with the open question if there is one.
    static func help(_ entry: Entry?) -> Reply {
        let help: Markup = """
            🔧 \(bold: "Rivet keeps a library of your equipment.")

            Send a photo of a machine, or begin with /addmachine
            /library – what you have saved
            /skip – leave a question out
            /cancel – drop the entry you are making
            /help – this text
            """
        guard let entry else { return Reply(help) }
        return Reply(
            "\(help)\n\n👋 You have an in-progress entry.\n\n\(question(entry))", buttons: buttons(entry))
    }

    static func nothingInProgress(_ intent: Intent) -> Reply {
        let reason: Markup =
            switch intent {
            case .skip: "Nothing to skip: no entry is open."
            case .back: "Nothing to go back to: no entry is open."
            case .cancel: "Nothing to cancel: no entry is open."
            case .tap: "⚠️ \(finished)"
            case .unknownCommand: "⚠️ Unknown command. /help shows what there is."
            case .other(let kind): "⚠️ This cannot be used here (\(kind))."
            case .answer, .begin, .photo, .help: "No entry is open."
            }
        let isTap = if case .tap = intent { true } else { false }
        return Reply("\(reason)\n\n\(begin)", notice: isTap ? finished : nil)
    }

    private static let finished = "That entry is finished. Nothing was changed."
    private static let begin: Markup = "Send a photo of equipment, or start with /addmachine"
}
