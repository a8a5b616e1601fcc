import ServiceKit
import Testing

@Suite struct ConfigurationErrorTests {
    @Test func `A value that is not accepted: never shown, whatever it looks like`() {
        #expect(
            ConfigurationError(valueOf: "X", accepted: "a word").description
                == "X has a value that is not accepted (not shown: it may hold a secret); accepted is a word")
    }

    @Test func `A secret: not mentioned at all`() {
        #expect(ConfigurationError(name: "X", accepted: "needed").description == "X: needed")
    }
}
