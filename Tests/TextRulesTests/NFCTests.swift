import Foundation
import TestSupport
import Testing
import TextRules

/// `normalizedToNFC`, compared with Foundation and Perl, which have other tables.
@Suite struct NFCTests {
    private static let scalars = (0...0x10_FFFF as ClosedRange<UInt32>).compactMap { Unicode.Scalar($0) }

    /// The scalars of Unicode `version`. `normalizedToNFC` does not change newer ones, but Foundation and Perl may.
    private static func known(to version: [Int]) -> [Unicode.Scalar] {
        scalars.filter { scalar in
            guard let age = scalar.properties.age else { return true }
            return !version.lexicographicallyPrecedes([age.major, age.minor])
        }
    }

    @Test func `The tables: at least Unicode 15`() {
        #expect(!version(String.normalizationVersion).lexicographicallyPrecedes([15, 0]))
    }

    @Test func `Every code point: the form that Foundation gives it`() {
        #expect(Self.scalars.count == 1_112_064)
        for scalar in Self.known(to: version(String.normalizationVersion)) {
            let text = String(scalar)
            let (ours, theirs) = (text.normalizedToNFC, text.precomposedStringWithCanonicalMapping)
            // Compared as code points: `==` of strings is true for every form.
            if ours.unicodeScalars.elementsEqual(theirs.unicodeScalars) { continue }
            Issue.record("\(ours.hexadecimal), not \(theirs.hexadecimal), of \(text.hexadecimal)")
        }
    }

    /// Foundation is no reference here: it makes U+1F43 of U+11F41 U+0300, and does not compose some Hangul.
    @Test func `Code points in a row: composed and reordered as by Perl`() throws {
        let versions = [version(String.normalizationVersion), try Perl.unicodeVersion()]
        let known = Self.known(to: versions.min { $0.lexicographicallyPrecedes($1) } ?? [])
        // The scalars that normalization concerns: they decompose, they combine, or something combines with them.
        let combining = known.filter { $0.properties.canonicalCombiningClass != .notReordered }
        let parts = Set(
            known.flatMap { scalar in
                let decomposed = Array(String(scalar).decomposedStringWithCanonicalMapping.unicodeScalars)
                return decomposed == [scalar] ? [] : decomposed + [scalar]
            }
        ).sorted()
        #expect(combining.count > 800 && parts.count > 12_000, "\(combining.count), \(parts.count)")
        var generator = SeededGenerator("NFC")
        let texts = (0..<200_000).map { _ in
            var text = String.UnicodeScalarView()
            for _ in 0..<Int.random(in: 2...6, using: &generator) {
                let choices = Bool.random(using: &generator) ? combining : parts
                if let scalar = choices.randomElement(using: &generator) { text.append(scalar) }
            }
            return String(text)
        }
        let expected = try Perl.composed(texts.map(\.hexadecimal))
        #expect(expected.count == texts.count)
        for (text, expected) in zip(texts, expected) {
            let ours = text.normalizedToNFC.hexadecimal
            if ours != expected { Issue.record("\(ours), not \(expected), of \(text.hexadecimal)") }
        }
    }

    @Test(arguments: [
        ("", ""), ("Pump 1", "Pump 1"), ("e\u{301}", "é"), ("\u{212B}", "Å"), ("\u{1112}\u{1161}\u{11AB}", "한"),
        ("a\u{0}\u{308}b\r\n", "a\u{0}\u{308}b\r\n"), ("\u{FB01}", "\u{FB01}"), ("q\u{307}\u{323}", "q\u{323}\u{307}"),
        ("\u{1AB0}\u{F75}", "\u{F71}\u{F74}\u{1AB0}"), ("\u{11F41}\u{300}", "\u{11F41}\u{300}"),
    ]) func `A text: composed, and nothing is lost`(_ text: String, _ expected: String) {
        #expect(text.normalizedToNFC.hexadecimal == expected.hexadecimal)
    }

    @Test func `A long text: has the length of its composed form`() {
        let text = String(repeating: "u\u{308}", count: 100_000)
        #expect(text.normalizedToNFC.unicodeScalars.count == 100_000)
    }
}

/// The first two numbers of a version: `15.0.0` -> `[15, 0]`.
private func version(_ text: String) -> [Int] { text.split(separator: ".").prefix(2).compactMap { Int($0) } }

/// Perl's normalization.
private enum Perl {
    static func unicodeVersion() throws -> [Int] {
        version(try run(["-MUnicode::UCD", "-e", "print Unicode::UCD::UnicodeVersion()"])[0])
    }

    /// - Parameter texts: each as its code points in hexadecimal; the result has the same form.
    static func composed(_ texts: [String]) throws -> [String] {
        let directory = try TestDirectory()
        let input = directory.path + "/texts"
        try texts.joined(separator: "\n").write(toFile: input, atomically: false, encoding: .utf8)
        let program = #"""
            print join(" ", map { sprintf "%X", ord } split //, NFC(join "", map { chr hex } split)), "\n"
            """#
        return try run(["-MUnicode::Normalize", "-ne", program, input])
    }

    private static func run(_ arguments: [String]) throws -> [String] {
        let directory = try TestDirectory()
        let output = directory.path + "/output"
        let status = try ChildProcess("/usr/bin/perl", arguments: arguments, environment: [:], log: output).wait()
        let text = try String(contentsOfFile: output, encoding: .utf8)
        #expect(status == 0, "\(text.prefix(1_000))")
        return text.split(separator: "\n").map(String.init)
    }
}

extension String {
    fileprivate var hexadecimal: String {
        unicodeScalars.map { String($0.value, radix: 16, uppercase: true) }.joined(separator: " ")
    }
}
