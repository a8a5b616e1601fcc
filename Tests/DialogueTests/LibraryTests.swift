import Dialogue
import Testing

@Suite struct LibraryTests {
    @Test func `An empty library: says how to begin`() {
        #expect(
            Reply.library(LibraryPage(machines: [], total: 0)).html == """
                📚 <b>Your Library</b>

                No equipment saved yet.

                Send a photo of equipment to get started!
                """)
    }

    @Test func `A list of machines: names what is missing`() {
        let machines = [
            MachineLine(nickname: "A & B", manufacturer: "Siemens", modelNumber: "3RQ", location: "Hall 1"),
            MachineLine(nickname: "Pump", manufacturer: nil, modelNumber: nil, location: nil),
        ]
        let reply = Reply.library(LibraryPage(machines: machines, total: 2))
        #expect(
            reply.html == """
                📚 <b>Your Library</b>

                1. <b>A &amp; B</b>
                   Siemens | 3RQ
                   📍 Hall 1
                2. <b>Pump</b>
                   Unknown | N/A
                   📍 No location

                2 items
                """)
        #expect(reply.buttons.isEmpty)
    }

    @Test func `A page: says where it is, and has buttons to the other pages`() {
        let machine = MachineLine(nickname: "Pump", manufacturer: nil, modelNumber: nil, location: nil)
        let reply = Reply.library(
            LibraryPage(
                machines: Array(repeating: machine, count: 20), firstNumber: 21, total: 41, previousData: "page:1",
                nextData: "page:3"))
        #expect(reply.html.contains("\n40. <b>Pump</b>"))
        #expect(reply.html.hasSuffix("\n\n21–40 of 41 items"))
        #expect(reply.buttonData == ["page:1", "page:3"])
    }
}
