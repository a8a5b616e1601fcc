import Testing
import TextRules

@testable import Dialogue

@Suite struct TextsTests {
    static let languages: [any Texts] = [English(), Greek()]

    @Test func `The samples: one of each message`() {
        #expect(Set(MessageSample.all.map(\.name)) == MessageSample.names)
    }

    @Test(arguments: MessageSample.all) func `Each language: has a text, and shows every value`(_ sample: MessageSample)
    {
        for texts in Self.languages {
            let reply = sample.message.reply(in: texts)
            #expect(!reply.plainText.split(separator: "\n").isEmpty)
            for value in sample.values { #expect(reply.plainText.contains(value), "\(texts)") }
            #expect(reply.buttons.joined().allSatisfy { !$0.label.isEmpty && $0.label.utf16.count <= 64 })
            if let notice = reply.notice { #expect((1...200).contains(notice.count)) }
            let later = reply.inMemoryOnly(in: texts).plainText
            #expect(later.hasPrefix(reply.plainText) && later.utf16.count > reply.plainText.utf16.count + 2)
        }
    }

    /// A text that a decision or a layout has by itself, instead of asking the language, is in English.
    @Test(arguments: MessageSample.all) func `Another language: no English word is left`(_ sample: MessageSample) {
        let reply = sample.message.reply(in: Greek())
        let told = entry(at: .serial)
        let typed = sample.values + Step.allCases.compactMap { told.draft[$0] } + Commands.all.map { "/\($0.rawValue)" }
        let texts = [reply.plainText, reply.notice ?? ""] + reply.buttons.joined().map(\.label)
        for var text in texts {
            for value in typed.sorted(by: { $0.utf8.count > $1.utf8.count }) {
                text = text.split(separator: value, omittingEmptySubsequences: false).joined()
            }
            #expect(!text.unicodeScalars.contains { $0.isASCII && $0.properties.isAlphabetic }, "\(text)")
        }
    }

    @Test func `Each refusal and each kind of message: has a distinct text`() {
        let refusals: [TextRefusal] = [
            .blank, .tooShort, .tooLong(characters: 700), .tooManyBytes, .severalLines, .controlCharacter,
            .directionOverride,
        ]
        for texts in Self.languages {
            let said = refusals.map { refusal in
                texts.refusal(refusal, of: texts.step(.model), isNickname: false, characters: 1...500)
                    .plainText(unitsMax: 4_096)
            }
            #expect(Set(said).count == refusals.count)
            let kinds = MessageKind.allCases.map { texts.notAnAnswer($0).plainText(unitsMax: 4_096) }
            #expect(Set(kinds).count == kinds.count)
            #expect(texts.staleTap(isOfThisEntry: true) != texts.staleTap(isOfThisEntry: false))
        }
    }
}
