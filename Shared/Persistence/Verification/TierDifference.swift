public import Contracts

/// A key of which a remote tier and the local disk do not hold the same.
public struct TierDifference: Sendable, Equatable {
    /// How the tier is, seen from the disk.
    public enum Kind: Sendable, Equatable {
        /// The tier has nothing of the key.
        case missing
        /// Only the tier has something of it.
        case extra
        case older(tier: Revision, local: Revision)
        case newer(tier: Revision, local: Revision)
        /// The same revision of another content: the names of what differs.
        case content(fields: [String])
        /// The tier's row makes no record.
        case unreadable

        public var name: String {
            switch self {
            case .missing: "missing"
            case .extra: "extra"
            case .older: "older"
            case .newer: "newer"
            case .content: "content"
            case .unreadable: "unreadable"
            }
        }
    }

    public var key: String
    public var kind: Kind

    public init(key: String, kind: Kind) {
        self.key = key
        self.kind = kind
    }
}

extension TierDifference.Kind {
    /// What is different between the two, which are of one key; nil when nothing is.
    ///
    /// - Parameter horizon: what was gone by then may have been forgotten by either.
    init?<Record: VerifiableRecord>(tier: Record?, local: Record?, horizon: Timestamp) {
        func mayBeForgotten(_ record: Record) -> Bool { record.isTombstone && record.goneSince <= horizon }
        switch (tier, local) {
        case (nil, nil): return nil
        case (nil, let local?):
            guard !mayBeForgotten(local) else { return nil }
            self = .missing
        case (let tier?, nil):
            guard !mayBeForgotten(tier) else { return nil }
            self = .extra
        case (let tier?, let local?):
            if tier.revision < local.revision {
                self = .older(tier: tier.revision, local: local.revision)
            } else if tier.revision > local.revision {
                self = .newer(tier: tier.revision, local: local.revision)
            } else {
                // One may be emptied already, and the other not yet.
                let isEmptied = mayBeForgotten(tier) || mayBeForgotten(local)
                let fields =
                    isEmptied && tier.isTombstone && local.isTombstone
                    ? tier.emptied.fieldsDiffering(from: local.emptied) : tier.fieldsDiffering(from: local)
                guard !fields.isEmpty else { return nil }
                self = .content(fields: fields)
            }
        }
    }
}
