public import Contracts

/// A key whose records in a remote tier and on the local disk differ.
public struct TierDifference: Sendable, Equatable {
    /// How the tier differs from the disk.
    public enum Kind: Sendable, Equatable {
        /// The tier lacks the key.
        case missing
        /// Only the tier has the key.
        case extra
        case older(tier: Revision, local: Revision)
        case newer(tier: Revision, local: Revision)
        /// The same revision with different content: the names of the fields that differ.
        case content(fields: [String])
        /// The tier's row cannot be read as a record.
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
    /// The difference between two records of one key; nil when there is none.
    ///
    /// - Parameter horizon: either side may have forgotten a record that was gone by then.
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
                // One may be emptied already and the other not yet.
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
