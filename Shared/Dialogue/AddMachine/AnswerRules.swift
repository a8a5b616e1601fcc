import Normalization

/// Why a text is no answer to a step.
public enum AnswerRefusal: Error, Sendable, Hashable {
    case blank
    case tooShort
    case tooLong(characters: Int)
    case tooManyBytes
    case severalLines
    case controlCharacter
}

/// What a step accepts as an answer, and in which form it is stored.
enum AnswerRules {
    static let answerBytesMax = 16 * 1024
    /// A nickname as it is stored; the library takes no longer one.
    static let nicknameBytesMax = 1_000

    /// The answer as it is stored: a nickname normalized, any other field as typed without outer white space.
    static func accepted(_ typed: String, at step: Step) throws(AnswerRefusal) -> String {
        guard typed.utf8.count <= answerBytesMax else { throw .tooManyBytes }
        let text = step == .nickname ? normalizedNickname(typed) : trimmed(typed)
        guard text.utf8.count <= (step == .nickname ? nicknameBytesMax : answerBytesMax) else { throw .tooManyBytes }
        guard text.unicodeScalars.contains(where: isVisible) else { throw .blank }
        for scalar in text.unicodeScalars where scalar.properties.generalCategory == .control {
            if step.spec.mayHoldLines && (scalar == "\n" || scalar == "\t") { continue }
            throw scalar.properties.isWhitespace && !step.spec.mayHoldLines ? .severalLines : .controlCharacter
        }
        let characters = text.count
        guard characters >= step.spec.characters.lowerBound else { throw .tooShort }
        guard characters <= step.spec.characters.upperBound else { throw .tooLong(characters: characters) }
        return text
    }

    /// NFC, without outer white space, every run of inner white space one space.
    static func normalizedNickname(_ typed: String) -> String {
        var folded = String.UnicodeScalarView()
        var spaceIsDue = false
        for scalar in typed.normalizedToNFC.unicodeScalars {
            if scalar.properties.isWhitespace {
                spaceIsDue = !folded.isEmpty
            } else {
                if spaceIsDue { folded.append(" ") }
                spaceIsDue = false
                folded.append(scalar)
            }
        }
        return String(folded)
    }

    static func trimmed(_ typed: String) -> String {
        let scalars = typed.unicodeScalars
        guard let first = scalars.firstIndex(where: { !$0.properties.isWhitespace }),
            let last = scalars.lastIndex(where: { !$0.properties.isWhitespace })
        else { return "" }
        return String(scalars[first...last])
    }

    private static func isVisible(_ scalar: Unicode.Scalar) -> Bool {
        !scalar.properties.isWhitespace && !scalar.properties.isDefaultIgnorableCodePoint
    }
}
