import ServiceKit
import Testing

@Suite struct ConfigurationErrorTests {
    @Test func `A value that is not accepted: is not shown, whatever it looks like`() {
        #expect(
            ConfigurationError(valueOf: "X", accepted: "a word").description
                == "X has a value that is not accepted (not shown: it may hold a secret); accepted is a word")
    }

    @Test func `A secret: is not mentioned at all`() {
        #expect(ConfigurationError(name: "X", accepted: "needed").description == "X: needed")
    }
}
