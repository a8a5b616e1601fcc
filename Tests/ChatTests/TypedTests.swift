import TestSupport
import Testing

@testable import Chat

/// What a person types in the terminal.
@Suite struct TypedTests {
    @Test(arguments: [
        ("2", Typed.text("2")), ("#2", .tap(2)), ("#2 ", .tap(2)), ("#", .text("#")), ("#2a", .text("#2a")),
        ("#2 and more", .text("#2 and more")), ("# 2", .text("# 2")), ("/tap 2", .tap(2)), ("/tap  12 ", .tap(12)),
        ("#99999999999999999999", .tap(.max)), ("#-1", .text("#-1")), ("#٢", .text("#٢")), ("", .nothing),
        ("   ", .nothing), ("/quit", .quit), ("/quit now", .text("/quit now")), (" 2 ", .text(" 2 ")),
        ("/photo /tmp/a.jpg", .photo(path: "/tmp/a.jpg")), ("/addmachine", .text("/addmachine")),
        ("one\ntwo", .text("one\ntwo")),
    ]) func `A line: read as a text, a tap or a command`(_ line: String, _ expected: Typed) throws {
        #expect(try Typed(line) == expected)
    }

    @Test(arguments: ["/tap", "/tap x", "/tap -1", "/photo", "/photo  "])
    func `A command that lacks something: an error that shows its form`(_ line: String) {
        let error = #expect(throws: ChatError.self) { try Typed(line) }
        #expect(error?.description.contains(": \(line.split(separator: " ")[0]) ") == true, "\(line)")
    }

    @Test(arguments: [
        (["one"], ["one"]), (["one\\", "two"], ["one\ntwo"]), (["a\\", "\\", "b", "c"], ["a\n\nb", "c"]),
        (["C:\\\\", "next"], ["C:\\", "next"]), (["open\\"], ["open"]), ([], []),
    ]) func `Lines that end in a backslash: joined to one text`(_ lines: [String], _ expected: [String]) {
        var text = MultilineText()
        var texts = lines.compactMap { text.add($0) }
        if let rest = text.end() { texts.append(rest) }
        #expect(texts == expected)
    }
}
