import Foundation
import ServiceKit
import TestSupport
import Testing

@Suite struct SecretTests {
    private let directory: TestDirectory

    init() throws { directory = try TestDirectory() }

    private func token(variable: String?) throws(ConfigurationError) -> String? {
        var variables = ["CREDENTIALS_DIRECTORY": directory.path]
        variables["TOKEN"] = variable
        return try Settings(variables: variables).secret("TOKEN", credential: "token")
    }

    @Test func `A secret without a credential: read from the variable`() throws {
        #expect(try Settings(variables: ["TOKEN": "abc"]).secret("TOKEN", credential: "token") == "abc")
        #expect(try token(variable: "abc") == "abc")
        #expect(try token(variable: nil) == nil)
    }

    @Test func `A credential: overrides the variable`() throws {
        try directory.write("  from-file\n", to: "token")
        #expect(try token(variable: "abc") == "from-file")
        #expect(try token(variable: nil) == "from-file")
    }

    @Test func `An empty credential: counts as none`() throws {
        try directory.write(" \n", to: "token")
        #expect(try token(variable: "abc") == "abc")
    }

    @Test(arguments: [" abc", "abc\n", "\r\nabc\r\n", "\tabc \n\n", "\u{FEFF}abc", "\u{A0}abc\u{2003}", "abc\u{85}"])
    func `White space around a secret: removed, in variables and credentials alike`(_ text: String) throws {
        try directory.write(text, to: "token")
        #expect(try token(variable: nil) == "abc")
        #expect(try Settings(variables: ["TOKEN": text]).secret("TOKEN", credential: "token") == "abc")
    }

    @Test(arguments: [
        "abc\ndef", "abc\r\ndef", "abc\rdef", "abc\tdef", "abc\u{7F}def", "abc\u{2028}def", "abc\u{85}def",
    ])
    func `A secret of several lines: refused by its name, and not shown`(_ text: String) throws {
        try directory.write(text, to: "token")
        let ofCredential = #expect(throws: ConfigurationError.self) { try token(variable: "x") }
        let ofVariable = #expect(throws: ConfigurationError.self) {
            try Settings(variables: ["TOKEN": text]).secret("TOKEN", credential: "token")
        }
        for (error, name) in [(ofCredential, "token"), (ofVariable, "TOKEN")] {
            let line = try #require(error).description
            #expect(line.hasPrefix("\(name): accepted is one line"), "\(line)")
            #expect(!line.contains("abc") && !line.contains("def") && !line.contains("\n"), "\(line)")
        }
    }

    @Test func `Settings: show names and no values`() throws {
        let settings = Settings(variables: ["TOKEN": "hush", "A": "hush"])
        var dumped = ""
        dump(settings, to: &dumped)
        #expect("\(settings)" == "Settings(A, TOKEN)")
        #expect(!dumped.contains("hush") && !String(reflecting: settings).contains("hush"))
    }

    @Test func `A credential that is no text: an error without its content`() throws {
        try directory.write(Array("s3cret".utf8) + [0xFF], to: "token")
        expectUnreadable()
    }

    @Test func `A credential that cannot be read: an error`() throws {
        // A missing permission would not do: the tests may run as root, who needs none.
        try FileManager.default.createDirectory(atPath: directory.path + "/token", withIntermediateDirectories: false)
        expectUnreadable()
    }

    private func expectUnreadable(sourceLocation: SourceLocation = #_sourceLocation) {
        let error = #expect(throws: ConfigurationError.self, sourceLocation: sourceLocation) {
            try token(variable: "abc")
        }
        #expect(
            error?.description.hasPrefix("token: the credential must be readable text") == true,
            sourceLocation: sourceLocation)
    }
}
