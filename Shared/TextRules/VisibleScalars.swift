/// The scalars of a text without invisible ones (Unicode's `Default_Ignorable_Code_Point`). Those that make one emoji
/// of several scalars (UTS #51) stay.
enum VisibleScalars {
    static func of(_ text: String) -> [Unicode.Scalar] {
        let scalars = Array(text.unicodeScalars)
        guard scalars.contains(where: \.properties.isDefaultIgnorableCodePoint) else { return scalars }
        var kept: [Unicode.Scalar] = []
        kept.reserveCapacity(scalars.count)
        for (index, scalar) in scalars.enumerated() {
            let next = index + 1 < scalars.count ? scalars[index + 1] : nil
            if !scalar.properties.isDefaultIgnorableCodePoint || isPartOfEmoji(scalar, after: kept.last, before: next) {
                kept.append(scalar)
            }
        }
        return kept
    }

    private static func isPartOfEmoji(
        _ scalar: Unicode.Scalar, after previous: Unicode.Scalar?, before next: Unicode.Scalar?
    ) -> Bool {
        guard let previous else { return false }
        switch scalar {
        // Zero width joiner: between two emoji.
        case "\u{200D}":
            let joins = previous.isPictograph || previous == "\u{FE0F}" || isTag(previous)
            return joins && next?.isPictograph == true
        // Variation selectors for text and for emoji: after an emoji, and in a keycap (digit, U+FE0F, U+20E3).
        case "\u{FE0E}", "\u{FE0F}":
            return previous.isPictograph || previous.properties.isEmoji && next == "\u{20E3}"
        // Tags: the letters of a regional flag.
        default: return isTag(scalar) && (previous == "\u{1F3F4}" || isTag(previous))
        }
    }

    private static func isTag(_ scalar: Unicode.Scalar) -> Bool { (0xE0020...0xE007F).contains(scalar.value) }
}

extension Unicode.Scalar {
    /// Whether it is an emoji other than a digit, "#" or "*".
    fileprivate var isPictograph: Bool { properties.isEmoji && !isASCII }

    var isControl: Bool { properties.generalCategory == .control }
    /// Whether it shows anything. U+2800, the Braille pattern without a dot, shows nothing but is not white space.
    var isVisible: Bool { !properties.isWhitespace && !properties.isDefaultIgnorableCodePoint && self != "\u{2800}" }
    /// Whether it is the left-to-right or the right-to-left override (UAX #9).
    var overridesDirection: Bool { self == "\u{202D}" || self == "\u{202E}" }
}

extension String {
    /// The string without white space at its beginning and end.
    public var trimmedOfWhiteSpace: String {
        let scalars = unicodeScalars
        guard let first = scalars.firstIndex(where: { !$0.properties.isWhitespace }),
            let last = scalars.lastIndex(where: { !$0.properties.isWhitespace })
        else { return "" }
        return String(scalars[first...last])
    }

    /// Whether it has a visible character.
    public var isVisible: Bool { unicodeScalars.contains(where: \.isVisible) }
}
