/// Receives the bodies of the requests that the gate accepted. Called on the event loop, so no method may block.
protocol WebhookReceiving: Sendable {
    /// - Parameters:
    ///   - request: a number that is not used twice.
    ///   - answer: called later, at most once, if the request waits; from any thread.
    /// - Returns: the answer, if it is known; nil if the request waits.
    func received(
        _ body: [UInt8], request: Int, answer: @escaping @Sendable (WebhookAnswer) -> Void
    ) -> WebhookAnswer?

    /// The request no longer waits: its connection is closed, or its time is up.
    func ended(request: Int)

    /// A request was refused before its body was read.
    func refused(_ answer: WebhookAnswer)
}
