import TextRules

/// What each step accepts as an answer, and the form in which it is stored.
enum AnswerRules {
    /// The answer as it is stored: a nickname normalized, any other field as typed without outer white space.
    static func accepted(_ typed: String, at step: Step) throws(TextRefusal) -> String {
        guard let rule = step.rule else { return try NicknameRule.stored(typed) }
        guard typed.utf8.count <= FieldRule.bytesMax else { throw .tooManyBytes }
        let text = typed.trimmedOfWhiteSpace
        guard text.isVisible else { throw .blank }
        try rule.check(text)
        return text
    }
}
