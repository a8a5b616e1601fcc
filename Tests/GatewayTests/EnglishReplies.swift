import Dialogue

@testable import Gateway

extension TurnOutcome {
    /// What is said when the effect is durable, in English.
    var reply: Reply? { message?.reply(in: English()) }
    /// What is said now, in English.
    var spoken: Reply? { reply(in: English()) }
}

extension Input {
    static let addMachine = Input.begin(Draft())
    static func text(_ text: String) -> Input { Input(typed: text) }
    static func button(data: String) -> Input { Input(tapped: data) }
}
