/// Takes the bodies of requests that came in through the gate. Callable from the event loop: nothing here blocks.
protocol WebhookReceiving: Sendable {
    /// - Parameters:
    ///   - request: a number that is not used twice.
    ///   - answer: called later, at most once, if the request waits; from any thread.
    /// - Returns: the answer, if it is known; nil if the request waits.
    func received(
        _ body: [UInt8], request: Int, answer: @escaping @Sendable (WebhookAnswer) -> Void
    ) -> WebhookAnswer?

    /// The request waits no more: its connection is gone, or its time is up.
    func ended(request: Int)

    /// A request was refused before its body was read.
    func refused(_ answer: WebhookAnswer)
}
