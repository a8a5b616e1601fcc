private import FoundationEssentials

extension ReceivedUpdate {
    /// The update in the body of a webhook request. Nil if the body is not an update or the update has no id.
    ///
    /// An update that cannot be decoded is `.unreadable`, as in a response of `getUpdates`.
    public init?(webhookBody body: [UInt8]) {
        guard let piece = UpdateSplitter.piece(of: body), let id = piece.id else { return nil }
        self.init(
            update: TelegramBot.update(id, piece, [], JSONDecoder(), body), json: body[piece.range])
    }
}
