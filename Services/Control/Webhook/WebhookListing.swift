import Contracts
import TelegramBotAPI

/// The webhook that Telegram has, for a person and for a program.
struct WebhookListing {
    var info: WebhookInfo
    /// The webhook in the settings; nil if the gateway polls for updates.
    var ours: WebhookURL?
    var now: Timestamp

    private var isOurs: Bool { info.isSet && info.url == ours?.text }

    var lines: [String] {
        guard let address = info.address else {
            return [
                ours == nil
                    ? "no webhook is set; Telegram answers polls"
                    : "no webhook is set; rivet-gateway sets the one in RIVET_WEBHOOK_URL when it runs"
            ]
        }
        var fields = FieldList()
        fields.add("webhook", "\(address) (\(isOurs ? "the one in" : "not the one in") RIVET_WEBHOOK_URL)")
        fields.add("pending", info.pendingCount == 1 ? "1 update" : "\(info.pendingCount) updates")
        if let failure = info.lastFailure, let at = Self.time(failure) {
            fields.add("last failure", "\(at.text(at: now)): \(failure.reason)")
        }
        return fields.lines
    }

    var json: JSONValue {
        [
            "webhook": (info.address?.text).json, "ours": .bool(isOurs),
            "pending": .integer(Int64(info.pendingCount)),
            "max_connections": info.connectionsMax.map { .integer(Int64($0)) } ?? .null,
            "last_failure": info.lastFailure.map { failure in
                ["at": (Self.time(failure)?.description).json, "reason": .string(failure.reason)]
            } ?? .null,
        ]
    }

    private static func time(_ failure: WebhookInfo.Failure) -> Timestamp? {
        let (milliseconds, isTooLarge) = failure.secondsSince1970.multipliedReportingOverflow(by: 1_000)
        return isTooLarge ? nil : Timestamp(clamping: milliseconds)
    }
}
