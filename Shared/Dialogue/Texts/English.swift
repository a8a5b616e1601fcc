public import TextRules

/// The bot in English.
public struct English: Texts {
    public init() {}
}

// MARK: - Add a machine

extension English {
    public func menuText(_ command: AddMachineCommand) -> String {
        switch command {
        case .addmachine: "Add a machine to your library"
        case .skip: "Leave a question out"
        case .back: "Return to the question before"
        case .cancel: "Drop the entry you are making"
        }
    }

    public func helpLine(_ command: AddMachineCommand) -> Markup {
        switch command {
        case .addmachine: "Send a photo of a machine, or begin with /addmachine"
        case .skip: "/skip – leave a question out"
        case .back: "/back – return to the question before"
        case .cancel: "/cancel – drop the entry you are making"
        }
    }

    public func step(_ step: Step) -> StepTexts {
        switch step {
        case .nickname:
            StepTexts(
                name: "nickname", label: "Nickname", noun: "nickname", prompt: "Enter a nickname for this equipment:",
                example: "(e.g., 'Main Compressor', 'Panel 3 VFD')")
        case .manufacturer:
            StepTexts(
                name: "manufacturer", label: "Manufacturer", noun: "manufacturer", prompt: "Enter the manufacturer:",
                skipHint: "(or /skip)")
        case .model:
            StepTexts(
                name: "model", label: "Model", noun: "model number", prompt: "Enter the model number:",
                skipHint: "(or /skip)")
        case .serial:
            StepTexts(
                name: "serial", label: "Serial", noun: "serial number", prompt: "Enter the serial number:",
                skipHint: "(or /skip)")
        case .location:
            StepTexts(
                name: "location", label: "Location", noun: "location", prompt: "Enter the location:",
                example: "(e.g., 'Building A, Panel 3')", skipHint: "(or /skip)")
        case .notes:
            StepTexts(
                name: "notes", label: "Notes", noun: "notes", prompt: "Any notes?",
                example: "(e.g., 'Replaced relay 2024-06')", skipHint: "(or /skip to finish)")
        }
    }

    public func valueBefore(_ value: String) -> Markup { "✏️ Before: \(value)" }
    public func valueDetected(_ hint: String) -> Markup { "💡 Detected: \(hint)" }
    public var replyInGroup: Markup { "↩️ Answer by replying to this message. /skip, /back and /cancel work, too." }
    public var skipButton: String { "⏭️ Skip" }
    public var backButton: String { "⬅️ Back" }
    public var cancelButton: String { "❌ Cancel" }

    public var addMachineTitle: Markup { "📝 \(bold: "Add to Library")" }
    public var entryInProgress: Markup { "👋 You have an in-progress entry." }
    public var welcomeBack: Markup { "👋 Welcome back! You were adding a machine." }
    public func continuing(from step: StepTexts) -> Markup {
        "Continuing from: \(fixed: step.name)\nType /cancel to start fresh."
    }
    public func answered(_ step: StepTexts, _ value: String) -> Markup { "✅ \(fixed: step.label): \(bold: value)" }
    public func skipped(_ step: StepTexts) -> Markup { "⏭️ Skipped \(fixed: step.name)." }
    public func wentBack(to step: StepTexts) -> Markup { "⬅️ Back to \(fixed: step.name)." }
    public var nothingBefore: Markup { "This is the first step." }
    public func notSkippable(_ step: StepTexts) -> Markup { "❌ The \(fixed: step.noun) cannot be skipped." }
    public var notSkippableNotice: String { "This step cannot be skipped." }
    public var photoKept: Markup { "📷 Photo kept with this entry." }

    public var progressEmpty: Markup { "Progress: Just started" }
    public func progress(_ lines: Markup) -> Markup { "Progress:\n\(lines)" }
    public var toldEmpty: Markup { "It had just started." }
    public func told(_ lines: Markup) -> Markup { "It had:\n\(lines)" }
    public func toldValue(_ step: StepTexts, _ value: String) -> Markup { "• \(fixed: step.label): \(value)" }
    public func toldSkipped(_ step: StepTexts) -> Markup { "• \(fixed: step.label): skipped" }
    public var toldPhoto: Markup { "• 📷 Photo" }

    public func nicknameTaken(_ nickname: String) -> Markup {
        "❌ You already have equipment named '\(bold: nickname)'.\nPlease choose a different nickname."
    }
    public func nicknameFree(_ suggestion: String) -> Markup { "💡 Still free: \(code: suggestion)" }

    public func refusal(
        _ refusal: TextRefusal, of step: StepTexts, isNickname: Bool, characters: ClosedRange<Int>
    ) -> Markup {
        switch refusal {
        case .blank where isNickname, .tooShort:
            "❌ \(fixed: step.label) too short. Please enter at least \(characters.lowerBound) characters."
        case .tooLong where isNickname:
            "❌ \(fixed: step.label) too long. Please keep it under \(characters.upperBound) characters."
        case .tooLong(let count):
            """
            ❌ \(fixed: step.label) too long: at most \(characters.upperBound) characters are accepted, yours has \
            \(count).
            """
        case .tooManyBytes: "❌ \(fixed: step.label) too long. Please send a shorter text."
        case .severalLines: "❌ Please send it as one line, without line breaks or tabs."
        case .controlCharacter: "❌ The text holds a control character. Please send it as plain text."
        case .directionOverride:
            "❌ The text holds a character that reverses the direction of writing. Please send it without."
        case .blank: "❌ The text is empty."
        }
    }

    public func missing(_ step: StepTexts) -> Markup { "❌ The \(fixed: step.noun) is missing." }
    public func libraryRefuses(_ step: StepTexts) -> Markup {
        "❌ The library cannot take this \(fixed: step.noun). Please enter another."
    }
    public var otherAnswersKept: Markup { "All other answers are kept." }
    public var unknownCommandInFlow: Markup { "⚠️ Unknown command during add flow." }
    public func takeAsAnswer(_ text: String, _ step: StepTexts) -> Markup {
        "If \(code: text) is the \(fixed: step.noun), tap ✅."
    }
    public var howToEnterSlash: Markup { "If it is the answer, send it with a word in front of the slash." }
    public func wordsNotTaken(_ typed: String, _ command: AddMachineCommand) -> Markup {
        switch command {
        case .skip: "❓ \(code: typed): nothing was skipped. Tap ⏭️ Skip, or send /skip alone."
        case .back: "❓ \(code: typed): nothing was changed. Tap ⬅️ Back, or send /back alone."
        case .cancel, .addmachine: "❓ \(code: typed): nothing was dropped. Tap ❌ Cancel, or send /cancel alone."
        }
    }
    public func nicknameNotTaken(_ nickname: String) -> Markup {
        "\(bold: nickname) was not taken: finish or cancel this entry first."
    }
    public func notAnAnswer(_ kind: MessageKind) -> Markup {
        "⚠️ This cannot be taken as an answer (\(fixed: name(of: kind)))."
    }
    public func awaited(_ step: StepTexts, isSkippable: Bool) -> Markup {
        isSkippable
            ? "Please enter the \(fixed: step.noun), /skip, or /cancel."
            : "Please enter the \(fixed: step.noun), or /cancel."
    }
    public func staleTap(isOfThisEntry: Bool) -> String {
        isOfThisEntry
            ? "That button belongs to an earlier step. Nothing was changed."
            : "That button belongs to an earlier entry. Nothing was changed."
    }

    public var cancelled: Markup { "❌ Cancelled. Your progress has been cleared.\nStart fresh with /addmachine" }
    public var cancelledNotice: String { "Cancelled." }
    public var undoButton: String { "↩️ Undo" }
    public func expired(_ told: Markup) -> Markup {
        """
        ⌛ Your entry has expired. Nothing of it is lost yet.

        \(told)

        ↩️ takes it up again. /addmachine starts fresh.
        """
    }
    public var expiredNotice: String { "That entry has expired." }
    public var takenUp: Markup { "↩️ Your entry goes on." }
    public var takenUpNotice: String { "Your entry goes on." }
    public func expiredBeside(_ nickname: String?) -> Markup {
        let name: Markup = nickname.map { "“\($0)”" } ?? "without a nickname"
        return "⌛ Your earlier entry \(name) has expired. ↩️ takes it up again in place of this one."
    }
    public func takeUpButton(_ nickname: String?) -> String { "↩️ Take up \(nickname ?? "it again")" }

    public func saved(_ nickname: String?, _ lines: Markup) -> Markup {
        """
        ✅ \(bold: "Saved to Library!")

        \(bold: nickname ?? "N/A")
        \(lines)

        View your library with /library
        """
    }
    public func savedLine(_ step: StepTexts, _ value: String?) -> Markup { "• \(fixed: step.label): \(value ?? "N/A")" }
    public var alreadySaved: Markup {
        "✅ That entry is already saved to your library.\n\nView your library with /library"
    }
    public var alreadySavedNotice: String { "That entry is already saved." }

    public func nothingOpen(_ input: Input) -> Markup {
        switch input {
        case .skip: "Nothing to skip: no entry is open."
        case .back: "Nothing to go back to: no entry is open."
        case .cancel: "Nothing to cancel: no entry is open."
        case .tap: "⚠️ \(fixed: nothingOpenNotice)"
        case .unknownCommand: "⚠️ Unknown command. /help shows what there is."
        case .other(let kind): "⚠️ This cannot be used here (\(fixed: name(of: kind)))."
        case .commandWithWords(let command, _): "Nothing to \(fixed: command.rawValue): no entry is open."
        case .place: "⚠️ This cannot be used here (location)."
        case .answer, .begin, .photo, .help: "No entry is open."
        }
    }
    public var nothingOpenNotice: String { "That entry is finished. Nothing was changed." }
    public var howToBegin: Markup { "Send a photo of equipment, or start with /addmachine" }

    private func name(of kind: MessageKind) -> String {
        switch kind {
        case .voice: "voice message"
        case .videoNote: "video message"
        case .file: "file"
        case .animation: "GIF"
        case .sticker, .video, .audio, .contact, .location, .venue, .poll, .dice: kind.rawValue
        case .unknown: "this kind of message"
        }
    }
}

// MARK: - Library and photos

extension English {
    public func menuText(_ command: LibraryCommand) -> String { "Show what you have saved" }
    public func helpLine(_ command: LibraryCommand) -> Markup { "/library – what you have saved" }

    public var libraryTitle: Markup { "📚 \(bold: "Your Library")" }
    public func librarySearch(_ query: String) -> Markup { "🔎 \(query)" }
    public var libraryEmpty: Markup { "No equipment saved yet.\n\nSend a photo of equipment to get started!" }
    public var libraryNothingFound: Markup { "Nothing found here." }
    public func libraryLine(number: Int, _ machine: MachineLine) -> Markup {
        """
        \(number). \(bold: machine.nickname)
           \(machine.manufacturer ?? "Unknown") | \(machine.modelNumber ?? "N/A")
           📍 \(machine.location ?? "No location")
        """
    }
    public func libraryCount(total: Int, range: ClosedRange<Int>?) -> Markup {
        let count: Markup = total == 1 ? "1 item" : "\(total) items"
        return range.map { "\($0.lowerBound)–\($0.upperBound) of \(count)" } ?? count
    }
    public var newerButton: String { "⬅️ Newer" }
    public var olderButton: String { "Older ➡️" }
    public var libraryUnavailable: Markup { "❌ Error loading library. Please try again." }
    public var libraryUnavailableNotice: String { "Please try again." }
    public func machineRenamed(from earlier: String, to nickname: String) -> Markup {
        """
        ℹ️ There was another machine called \(bold: earlier) in your library already, stored while a database could \
        not be reached. Both are kept: the one that you added meanwhile is now called \(bold: nickname).

        View your library with /library
        """
    }

    public var photoOffer: Markup { "📷 Is this a piece of your equipment?" }
    public var saveToLibraryButton: String { "💾 Save to Library" }
}

// MARK: - The bot itself, and trouble

extension English {
    public func menuText(_ command: AboutCommand) -> String {
        switch command {
        case .help, .start: "What Rivet does"
        case .version: "Which Rivet this is"
        }
    }

    public func helpLine(_ command: AboutCommand) -> Markup {
        switch command {
        case .help, .start: "/help – this text"
        case .version: "/version – which Rivet this is"
        }
    }

    public func version(_ version: String) -> Markup { "🔩 Rivet \(code: version)" }
    public var helpTitle: Markup { "🔧 \(bold: "Rivet keeps a library of your equipment.")" }

    public func notAllowed(userID: String) -> Markup {
        "🔒 This bot is private. To be let in, give its operator your user id: \(code: userID)"
    }
    public var notAllowedNotice: String { "This bot is private." }
    public var unreadableEntry: Markup {
        "⚠️ Your earlier entry could not be read, sorry. It was set aside.\nPlease start again with /addmachine"
    }
    public var unreadableEntryNotice: String { "Please start again with /addmachine" }
    public var anonymous: Markup {
        "🕶 You write as the group or as a channel, so I cannot tell whose library this is. Please write as yourself."
    }
    public var tryAgain: Markup {
        "❌ That did not work just now. Please try again.\nYour progress is kept: /addmachine shows it and continues."
    }
    public var tryAgainNotice: String { "Please try again." }
    public var messageKept: Markup {
        """
        ⏳ I cannot reach my storage right now. Your message is kept and will be answered as soon as I can. \
        There is no need to send it again.
        """
    }
    public var memoryOnly: Markup {
        """
        ⚠️ No disk or database can be reached right now: this is held in memory only, and stored as soon as one is back.
        """
    }
}
