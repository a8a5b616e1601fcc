import ServiceKit
import Testing

@Suite struct ConfigurationErrorTests {
    @Test(arguments: [
        "loud", "ftp", "64MB", "24 h", "1,99999999999999999999", "-1001234567890", "127.0.0.1", "/etc/rivet/rivet.env",
        "",
        "1e30GiB", "verbose", "99999999999GiB",
    ])
    func `A value that looks like a slip: is shown`(_ value: String) {
        let error = ConfigurationError(name: "X", value: value, accepted: "a word")
        #expect(error.description == "X is \"\(value)\"; accepted is a word")
    }

    @Test(arguments: [
        "postgresql://u:hush@h/db", "http://user:hush@host", "u:hush@h", "123456:AAhush", "https://x/bot1:hush/",
        "info\nhush", "info\r\nhush", "info hush\u{2028}", "hush\u{1B}[2J", "npg_hush4kQ9xZb2W", "hushhushhushhush",
        "\"hush\"", "hush\u{E9}", "password=hush", "hush\0",
        "aaaaaaaa aaaaaaaa aaaaaaaa hush 34", "h4shw0rd9", "hush\u{A0}",
    ])
    func `A value that may be or hold a secret: is not shown`(_ value: String) {
        let error = ConfigurationError(name: "X", value: value, accepted: "a word")
        #expect(
            error.description
                == "X has a value that is not shown, since it may hold a secret; accepted is a word")
        var dumped = ""
        dump(error, to: &dumped)
        #expect(!"\(dumped) \(String(reflecting: error))".contains("hush") && error.value == nil)
    }

    @Test func `A secret: is not mentioned at all`() {
        #expect(ConfigurationError(name: "X", accepted: "needed").description == "X: needed")
    }
}
