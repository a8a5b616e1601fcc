import ServiceKit
import Testing

@Suite struct AllowedUsersSettingTests {
    private func setting(_ value: String?) throws(ConfigurationError) -> AllowedUsersSetting {
        try AllowedUsersSetting(Settings(variables: value.map { [AllowedUsersSetting.variable: $0] } ?? [:]))
    }

    @Test func `No value, and one of nothing but white space: missing`() throws {
        for value in [nil, "", " ", "\t", "\r\n", " \n "] { #expect(try setting(value) == .missing) }
    }

    @Test func `A star: everyone`() throws {
        for value in ["*", " * ", "*\r\n"] { #expect(try setting(value) == .everyone) }
    }

    @Test(
        arguments: [
            ("7", [7]), (" 7 , -3\t,7\r\n", [7, -3]), ("7,", [7]), (",7", [7]), ("7,,8", [7, 8]), ("007", [7]),
            ("9223372036854775807,-9223372036854775808", [.max, .min]), ("-1001234567890", [-1_001_234_567_890]),
        ] as [(String, Set<Int64>)])
    func `IDs: comma-separated, with white space around them`(_ text: String, _ ids: Set<Int64>) throws {
        #expect(try setting(text) == .ids(ids))
    }

    @Test(arguments: [
        ",", " , ", "ada", "@ada", "1;2", "1 2", "1.0", "+1", "--1", "-", "0", "-0", "1,x", "9223372036854775808", "**",
        "*,1", "1,*", "1e3", "1-2",
    ])
    func `Any other value: refused, and the error says what is accepted`(_ text: String) {
        let error = #expect(throws: ConfigurationError.self) { try setting(text) }
        #expect(
            error?.description.contains("accepted is * (everyone), or ids of Telegram users and groups") == true)
    }

    @Test(arguments: [
        "5\r\nTELEGRAM_BOT_TOKEN=123456:hunter", "5\nhunter", "1:hunter", "x=hunter", "x\"hunter",
        String(repeating: "hunter", count: 20),
    ])
    func `A value that may have swallowed a secret: refused, and not quoted`(_ text: String) {
        let error = #expect(throws: ConfigurationError.self) { try setting(text) }
        #expect(error?.description.contains("hunter") == false)
        #expect(error?.description.hasPrefix("RIVET_ALLOWED_USERS has a value that is not accepted") == true)
    }
}
