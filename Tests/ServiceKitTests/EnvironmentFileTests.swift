import Logging
import TestSupport
import Testing

@testable import ServiceKit

@Suite struct EnvironmentFileTests {
    @Test func linesAreAssignments() throws {
        let text = """
            # a comment
            ; another
            RIVET_LOG_LEVEL=debug

              RIVET_ALLOWED_USERS = 1,2 
            URL="postgresql://a:b@c/d?x=y z"
            SINGLE='a\\b "c"'
            DOUBLE="a \\"b\\" \\$c \\d"
            ESCAPED=a\\ b\\\\c
            JOINED=one \\
            two
            EMPTY=
            LINES="one
            two"
            MIXED=a"b c"'d'
            """
        #expect(
            try EnvironmentFile.parse(text) == [
                "RIVET_LOG_LEVEL": "debug", "RIVET_ALLOWED_USERS": "1,2", "URL": "postgresql://a:b@c/d?x=y z",
                "SINGLE": #"a\b "c""#, "DOUBLE": #"a "b" $c \d"#, "ESCAPED": #"a b\c"#, "JOINED": "one two",
                "EMPTY": "",
                "LINES": "one\ntwo", "MIXED": "ab cd",
            ])
    }

    @Test(arguments: [("RIVET", 1), ("A=1\n1B=2", 2), ("A=1\n\nB C=2", 3), ("A=\"open", 1), ("=x", 1)])
    func whatIsNoneIsTold(_ text: String, _ line: Int) {
        #expect(throws: EnvironmentFile.Malformed(line: line)) { try EnvironmentFile.parse(text) }
    }

    @Test func aFileWinsAndWhatIsTakenOutOfItIsGone() throws {
        let directory = try TestDirectory()
        let path = directory.path + "/rivet.env"
        try directory.write("RIVET_ALLOWED_USERS=1\nRIVET_LOG_LEVEL=debug\n", to: "rivet.env")
        // As systemd has it: the file's variables are in the environment too.
        let settings = try Settings(variables: [
            "RIVET_ENV_FILE": path, "RIVET_ALLOWED_USERS": "1", "RIVET_LOG_LEVEL": "debug", "RIVET_DURABILITY": "local",
        ]).withFile()
        try directory.write("RIVET_LOG_LEVEL=error\n", to: "rivet.env")
        let again = try settings.readAgain()
        #expect(again.string("RIVET_ALLOWED_USERS") == nil)
        #expect(try again.logLevel() == .error)
        #expect(again.string("RIVET_DURABILITY") == "local")
        #expect(again.differences(from: settings) == ["RIVET_ALLOWED_USERS", "RIVET_LOG_LEVEL"])
        try directory.write("RIVET_LOG_LEVEL", to: "rivet.env")
        #expect(throws: ConfigurationError.self) { try again.readAgain() }
        #expect(throws: ConfigurationError.self) {
            try Settings(variables: ["RIVET_ENV_FILE": directory.path + "/none"]).readAgain()
        }
        // At a start, a file that is not there is one for systemd only, which has read it.
        let missing = ["RIVET_ENV_FILE": directory.path + "/none", "A": "1"]
        #expect(throws: ConfigurationError.self) { try Settings(variables: missing).withFile() }
        let underSystemd = try Settings(variables: missing.merging(["INVOCATION_ID": "x"]) { $1 }).withFile()
        #expect(underSystemd.string("A") == "1")
        try directory.write("nonsense", to: "none")
        #expect(throws: ConfigurationError.self) {
            try Settings(variables: missing.merging(["INVOCATION_ID": "x"]) { $1 }).withFile()
        }
        // Without a file nothing changes.
        #expect(try Settings(variables: ["A": "1"]).readAgain().string("A") == "1")
    }
}
