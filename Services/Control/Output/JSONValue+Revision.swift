import Contracts

extension JSONValue {
    /// A revision for programs: a string, since most JSON parsers represent integers exactly only up to 2^53.
    static func revision(_ revision: Revision) -> JSONValue { .string("\(revision.rawValue)") }

    /// A copy of this object with `revision` as a string; this value itself if it is not an object.
    func withRevisionAsText(_ revision: Revision) -> JSONValue {
        guard case .object(var members) = self else { return self }
        members["revision"] = .revision(revision)
        return .object(members)
    }
}
