import Contracts

extension JSONValue {
    /// A revision for programs: a string, since most readers of JSON keep whole numbers exactly only up to 2^53.
    static func revision(_ revision: Revision) -> JSONValue { .string("\(revision.rawValue)") }

    /// The object of a record with its `revision` so; of anything else, the same.
    func withRevisionAsText(_ revision: Revision) -> JSONValue {
        guard case .object(var members) = self else { return self }
        members["revision"] = .revision(revision)
        return .object(members)
    }
}
