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

    @Test func withoutCredentialsTheVariableIsTaken() throws {
        #expect(try Settings(variables: ["TOKEN": "abc"]).secret("TOKEN", credential: "token") == "abc")
        #expect(try token(variable: "abc") == "abc")
        #expect(try token(variable: nil) == nil)
    }

    @Test func aCredentialWins() throws {
        try directory.write("  from-file\n", to: "token")
        #expect(try token(variable: "abc") == "from-file")
        #expect(try token(variable: nil) == "from-file")
    }

    @Test func anEmptyCredentialCountsAsNone() throws {
        try directory.write(" \n", to: "token")
        #expect(try token(variable: "abc") == "abc")
    }

    @Test func aCredentialThatIsNoTextIsAnErrorWithoutItsContent() throws {
        try directory.write(Array("s3cret".utf8) + [0xFF], to: "token")
        expectUnreadable()
    }

    @Test func aCredentialThatCannotBeReadIsAnError() throws {
        // Not a missing permission: the tests may run as root, who needs none.
        try FileManager.default.createDirectory(atPath: directory.path + "/token", withIntermediateDirectories: false)
        expectUnreadable()
    }

    private func expectUnreadable(sourceLocation: SourceLocation = #_sourceLocation) {
        let error = #expect(throws: ConfigurationError.self, sourceLocation: sourceLocation) {
            try token(variable: "abc")
        }
        #expect(error?.value == nil, sourceLocation: sourceLocation)
        #expect(
            error?.description == "token: the credential \(directory.path)/token must be readable text",
            sourceLocation: sourceLocation)
    }
}
