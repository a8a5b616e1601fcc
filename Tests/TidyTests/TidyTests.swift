import Foundation
import Testing

@Suite struct TidyTests {
    @Test(arguments: TidyRule.all) func `The sources: keep each rule`(_ rule: TidyRule) {
        #expect(Repository.swift.count > 600)
        let breaches = Repository.swift.filter { !$0.path.hasPrefix("Tests/TidyTests/") }.flatMap(rule.breaches)
        #expect(breaches.isEmpty, "\(breaches.count) times: \(breaches.prefix(20).joined(separator: "\n"))")
    }

    static let planted: [(rule: TidyRule, good: String, bad: String)] = [
        (.commentWidth, "let x = 1 // short", "// " + String(repeating: "x", count: 118)),
        (.plainEnglish, "// The caller mentions a nickname.", "    /// Nobody is told."),
        (.plainEnglish, "// Read it again.", "let x = 1 // it is read anew"),
        (.plainEnglish, "// Maybe it is.", "// Any tier, be it away, is asked."),
        (
            .functionLength, "func f() {\n" + String(repeating: "    g()\n", count: 58) + "}",
            "    @Test func `F`() {\n" + String(repeating: "        g()\n", count: 59) + "    }"
        ),
        (.fileLength, String(repeating: "\n", count: 400), String(repeating: "\n", count: 401)),
        (
            .escapeHatches, "// SAFETY: read under the lock; see LockTests.\nlet x = try! f()",
            "struct S: @unchecked Sendable {}"
        ),
        (.escapeHatches, "// try! is not used here", "nonisolated(unsafe) var x = 1"),
        (.escapeHatches, "let text = \"try! this\"", "let x = try! f(\"y\")"),
        (
            .functionLength, "func f() {\n    func g() {\n    }\n}",
            "func f() {\n    func g() {\n    }\n" + String(repeating: "    g()\n", count: 60) + "}"
        ),
    ]

    @Test(arguments: planted.indices) func `A planted breach: found, and its like that is none is not`(_ index: Int) {
        let (rule, good, bad) = Self.planted[index]
        #expect(rule.breaches(SourceFile(path: "a.swift", bad)).count == 1)
        #expect(rule.breaches(SourceFile(path: "a.swift", good)).isEmpty)
    }

    /// Suites of tests are left out: a module's name stands before theirs in every report.
    @Test func `Each type: a name that no other type has`() {
        var places: [String: Set<String>] = [:]
        for file in Repository.swift {
            for line in file.lines {
                guard let name = Self.declaredType(line), !name.hasSuffix("Tests") else { continue }
                places[name, default: []].insert(file.path)
            }
        }
        #expect(places.count > 500)
        for (name, paths) in places where paths.count > 1 {
            Issue.record("\(name) is declared in \(paths.sorted().joined(separator: " and "))")
        }
    }

    /// The name in a declaration that begins in the first column and is visible outside its file.
    private static func declaredType(_ line: String) -> String? {
        let kinds: Set<Substring> = ["struct", "class", "enum", "actor", "protocol"]
        let words = line.split(separator: " ")
        guard line.first?.isLetter == true || line.hasPrefix("@"), !words.contains("private"),
            !words.contains("fileprivate"),
            let kind = words.firstIndex(where: { kinds.contains($0) }), kind + 1 < words.count
        else { return nil }
        return String(words[kind + 1].prefix { $0.isLetter || $0.isNumber || $0 == "_" })
    }

    @Test func `Migrations: the files, Package.swift and Migrations.swift agree`() throws {
        let files = try Repository.names(in: "migrations").filter { $0.hasSuffix(".sql") }
        let package = try Repository.text("Package.swift")
        let list = try Repository.text("migrations/Migrations.swift")
        #expect(files.count >= 16)
        for file in files {
            let name = String(file.prefix { $0 != "." })
            #expect(files.contains("\(name).sql") && files.contains("\(name).sqlite.sql"))
            let number = name.split(separator: "_")[0]
            #expect(list.contains("\"\(name.dropFirst(number.count + 1))\""), "\(name) is missing in Migrations.swift")
            #expect(package.contains(file) || package.contains(name), "\(file) is missing in Package.swift")
        }
    }

    @Test func `Settings: what programs read is in rivet.env and in the README`() throws {
        // Not for operators: set by systemd, by tests, or as fields of the journal.
        let internalNames: Set<String> = [
            "RIVET_BIN_DIR", "RIVET_CHAT_ID", "RIVET_ENV_FILE", "RIVET_ERROR", "RIVET_KILL_AT", "RIVET_KILL_POINTS",
            "RIVET_REPEAT_AFTER_MS", "RIVET_STALL_AT", "RIVET_UPDATE_ID", "RIVET_USER_ID", "RIVET_WEBHOOK_ANSWER_MS",
        ]
        // A unit sets them; a development machine may.
        let setByUnits: Set<String> = ["RIVET_RUNTIME_DIR", "RIVET_STATE_DIR"]
        var read: Set<String> = []
        for file in Repository.swift where !file.isTest {
            for line in file.lines {
                for part in line.split(whereSeparator: { !$0.isUppercase && !$0.isNumber && $0 != "_" }) {
                    if part.hasPrefix("RIVET_"), part.count > 6 { read.insert(String(part)) }
                }
            }
        }
        let (settings, readme) = (try Repository.text("systemd/rivet.env"), try Repository.text("README.md"))
        #expect(read.count > 20)
        for name in read.subtracting(internalNames).sorted() {
            #expect(setByUnits.contains(name) || settings.contains(name), "\(name) is missing in systemd/rivet.env")
            #expect(readme.contains(name), "\(name) is missing in README.md")
        }
    }

    @Test func `ARCHITECTURE: at most 2,200 words, in sentences of 35 words at most`() throws {
        let text = try Repository.text("ARCHITECTURE.md")
        #expect(text.split(whereSeparator: \.isWhitespace).count <= 2_200)
        var isCode = false
        var sentences: [Int] = []
        for paragraph in text.components(separatedBy: "\n\n") {
            if paragraph.components(separatedBy: "```").count % 2 == 0 { isCode.toggle() }
            guard !isCode, !paragraph.hasPrefix("|"), !paragraph.contains("```"), !paragraph.hasPrefix("#") else {
                continue
            }
            for sentence in paragraph.components(separatedBy: .newlines).joined(separator: " ").components(
                separatedBy: ". ")
            {
                let count = sentence.split(whereSeparator: \.isWhitespace).count
                if count > 0 { sentences.append(count) }
            }
        }
        #expect(sentences.count > 50 && sentences.allSatisfy { $0 <= 35 }, "\(sentences.max() ?? 0)")
        #expect(Double(sentences.reduce(0, +)) / Double(sentences.count) <= 15)
    }
}
