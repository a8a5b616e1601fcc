private import FoundationEssentials

extension ReceivedUpdate {
    /// The body of a webhook's request, which is one update. Nil if it is none, or one without an id.
    ///
    /// An update that cannot be understood is `.unreadable`, as one of an answer to `getUpdates` is.
    public init?(webhookBody body: [UInt8]) {
        guard let piece = UpdateSplitter.piece(of: body), let id = piece.id else { return nil }
        self.init(
            update: TelegramBot.update(id, piece, [], JSONDecoder(), body), json: body[piece.range])
    }
}
